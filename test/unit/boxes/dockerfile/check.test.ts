import { describe, expect, it } from "vitest";
import { checkDockerfile, targetName } from "../../../../src/boxes/dockerfile/check.ts";
import { parseDockerfile } from "../../../../src/boxes/dockerfile/parse.ts";

const check = (text: string, target?: string) =>
  checkDockerfile(parseDockerfile("/x/Dockerfile", text), target);

describe("checkDockerfile", () => {
  it("takes what is well-formed", () => {
    check(
      'ARG A\nFROM a AS b\nENV x y\nENV x=y\nLABEL "a.b"=c\nCOPY a /\nCOPY ["a b", "/"]\nADD --chown=1 a /\n',
      "b",
    );
    check("FROM a\nONBUILD RUN x\nMAINTAINER me\n", "0");
  });

  it("tells all problems at once, with their lines", () => {
    const text = "RUN early\nFROM a b c\nENTRYPONT x\nENV a\nCOPY --chown=1 a\nRUN\n";
    expect(() => check(text)).toThrow(
      [
        "/x/Dockerfile has 6 problems:",
        "line 3: there is no instruction `ENTRYPONT`; did you mean `ENTRYPOINT`?",
        "line 1: `RUN` stands before the first FROM, where only ARG may",
        "line 2: `FROM a b c` is neither `FROM IMAGE` nor `FROM IMAGE AS NAME`",
        "line 4: `ENV a` says one thing where two belong",
        "line 5: `COPY --chown=1 a` says one thing where two belong",
        "line 6: `RUN` says nothing",
      ].join("\n  "),
    );
  });

  it("tells of a file without instructions or without FROM", () => {
    expect(() => check("# nothing\n")).toThrow("/x/Dockerfile: it has no instructions");
    expect(() => check("ARG a=1\n")).toThrow("/x/Dockerfile: it has no FROM");
  });

  it("knows stages by name in any case and by number, and names them when there is no such", () => {
    const dockerfile = parseDockerfile("/x", "FROM a AS Build\nFROM b\n");
    expect(["build", "BUILD", "1", "2", "x"].map((name) => targetName(dockerfile, name))).toEqual([
      ...["Build", "Build", "1", undefined, undefined],
    ]);
    expect(() => check("FROM a AS build\n", "biuld")).toThrow(
      expect.objectContaining({ hints: ["did you mean `build`?", "its stages are: build"] }),
    );
  });
});
