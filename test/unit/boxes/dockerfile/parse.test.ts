import { describe, expect, it } from "vitest";
import { findHeredocs, takeBodies } from "../../../../src/boxes/dockerfile/heredoc.ts";
import { parseDockerfile } from "../../../../src/boxes/dockerfile/parse.ts";

function linesOf(text: string): [number, string, string][] {
  const { head, stages } = parseDockerfile("/x/Dockerfile", text);
  const all = [...head, ...stages.flatMap(({ instructions }) => instructions)];
  return all.map(({ line, keyword, rest }) => [line, keyword, rest]);
}

describe("parseDockerfile", () => {
  it("joins continued lines, without the comments and empty lines between them", () => {
    const text = "\uFEFF# top\n\nFROM a\r\nrun one \\\n  # two\n\n && three \\ \n && four\n  CMD x\n";
    expect(linesOf(text)).toEqual([
      [3, "FROM", "a"],
      [4, "RUN", "one  && three  && four"],
      [9, "CMD", "x"],
    ]);
  });

  it("takes directives only from the very top, and the other escape character from them", () => {
    const text = "# Syntax = docker/dockerfile:1\n# escape=`\nFROM a\nRUN c:\\ `\n  d\n";
    const { directives, escaper } = parseDockerfile("/x", text);
    expect([directives, escaper]).toEqual([["# Syntax = docker/dockerfile:1", "# escape=`"], "`"]);
    expect(linesOf(text).at(-1)).toEqual([4, "RUN", "c:\\   d"]);
    expect(parseDockerfile("/x", "# a comment\n# escape=`\nFROM a\n").escaper).toBe("\\");
    expect(parseDockerfile("/x", "\n# escape=`\nFROM a\n").escaper).toBe("\\");
  });

  it("tells stages by their FROM", () => {
    const { head, stages } = parseDockerfile(
      "/x",
      "ARG V=1\nFROM --platform=linux/amd64 a:$V as One\nRUN x\nFROM One\nCOPY --from=One / /\n",
    );
    expect(head).toMatchObject([{ keyword: "ARG", rest: "V=1" }]);
    expect(stages).toMatchObject([
      { image: "a:$V", name: "One", instructions: [{ line: 2 }, { line: 3 }] },
      { image: "One", instructions: [{ line: 4 }, { line: 5 }] },
    ]);
    expect(stages[1]?.name).toBeUndefined();
  });

  it("goes on after heredocs, and tells of one that does not end", () => {
    const text = "FROM a\nRUN <<A cat <<-'B'\none\nA\n\ttwo\n\tB\nCMD x\n";
    expect(linesOf(text).map(([line]) => line)).toEqual([1, 2, 7]);
    const [{ instructions } = { instructions: [] }] = parseDockerfile("/x", text).stages;
    expect(instructions[1]?.heredocs).toMatchObject([
      { word: "A", literal: false, stripTabs: false, body: "one\n" },
      { word: "B", literal: true, stripTabs: true, body: "two\n" },
    ]);
    expect(() => parseDockerfile("/x", "FROM a\n\nCOPY <<EOF /\nx\n EOF\n")).toThrow(
      "/x, line 3: no line `EOF` ends the heredoc",
    );
  });
});

describe("findHeredocs", () => {
  it("knows where there can be none", () => {
    expect(findHeredocs("ENV", "A=<<EOF")).toEqual([]);
    expect(findHeredocs("RUN", '["sh", "-c", "cat <<EOF"]')).toEqual([]);
    expect(findHeredocs("RUN", "echo $((1<<2)) <<<word")).toEqual([]);
    expect(findHeredocs("RUN", "3<<EOF cat")).toMatchObject([{ word: "EOF", token: "3<<EOF" }]);
  });

  it("reads no body where there is no heredoc", () => {
    expect(takeBodies(["a"], 0, [])).toEqual({ heredocs: [], next: 0 });
  });
});
