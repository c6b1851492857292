import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { BothyError } from "../../../src/errors.ts";
import { mountsBelow } from "../../support/temp-home.ts";
import { openWorkshop, TOOLS } from "./workshop.ts";

/** What is wrong -> what is said of it. */
const WRONG: Readonly<Record<string, readonly [string, RegExp]>> = {
  "a failing program": [
    "RUN echo started; \\\n  # comment\n  echo 'Error: broken' >&2; exit 42\n",
    /`RUN echo started; .*exit 42` \(line 3 of .*\/Dockerfile\) failed with exit code 42; it said last:\n {2}started\n {2}Error: broken$/,
  ],
  "a program that is not there": [
    "RUN nosuch\n",
    /line 3 .* exit code 127; it said last:\n.*nosuch: not found/,
  ],
  "a missing file": [
    "ENV A=1\nCOPY nothere /\n",
    /`COPY nothere \/` \(line 4 .*there is no `nothere` in .*\/web$/,
  ],
  "a file of another stage": [
    "FROM tools\nCOPY --from=tools /nosuch /\n",
    /line 4 .*there is no `nosuch` in that image/,
  ],
  "a file that is left out": [
    "COPY notes.md /\n",
    /`notes.md` is left out of the context .*\/web by its ignore file/,
  ],
  "an unknown user": ["USER nobody\nRUN true\n", /`RUN true` \(line 4 .*look(?:ing)? up user "nobody"/],
  "an unknown flag": [
    "HEALTHCHECK --foo=1 CMD x\n",
    /`HEALTHCHECK --foo=1 CMD x` \(line 3 .*not defined: -foo/,
  ],
};

test.concurrent("a failing step is named, with its line and what it said", { timeout: 60_000 }, async () => {
  await using shop = await openWorkshop({ ".dockerignore": "*.md", "notes.md": "" });
  for (const [what, [text, words]] of Object.entries(WRONG)) {
    await shop.write({ Dockerfile: TOOLS + text });
    const error = await failure(shop.build());
    expect([what, error.code, error.message]).toEqual([
      what,
      "DOCKERFILE_FAILED",
      expect.stringMatching(words),
    ]);
  }
  expect(await readdir(shop.home.layout.temporary())).toEqual([]);
  expect(await readdir(shop.home.layout.home)).not.toContain("boxes");
});

test.concurrent("what can be seen to be wrong is said before anything is built", async () => {
  await using shop = await openWorkshop({ Dockerfile: "FROM scratch AS one\nENTRYPONT true\nCOPY x\n" });
  const message =
    /Dockerfile has 2 problems:\n {2}line 2: .*`ENTRYPONT`; did you mean `ENTRYPOINT`\?\n {2}line 3: /;
  await expect(shop.build()).rejects.toThrow(message);
  await shop.write({ Dockerfile: TOOLS });
  const unknown = await failure(shop.build({ target: "tool" }));
  expect(unknown.message).toContain("has no stage `tool`");
  expect(unknown.hints).toEqual(["did you mean `tools`?", "its stages are: tools"]);
  const missing = await failure(shop.build({ dockerfile: "Containerfile" }));
  expect(missing.message).toBe(`there is no Dockerfile ${join(shop.context, "Containerfile")}`);
  expect(missing.hints).toEqual(["`dockerfile: Dockerfile` names the one that is there"]);
  await expect(shop.build({ context: "/nosuch" })).rejects.toThrow(
    "the build context /nosuch does not exist",
  );
  expect(await readdir(shop.home.layout.home)).toEqual([]);
});

test.concurrent("an interrupted build leaves no process and no mount, and what it did is used by the next", async () => {
  await using shop = await openWorkshop({
    Dockerfile: `${TOOLS}RUN date > /stamp\nRUN touch /begun && sleep 98.7\n`,
  });
  const stop = new AbortController();
  const report = (line: string) => line.includes("sleep") && setTimeout(() => stop.abort(), 300);
  const error = await failure(shop.build({}, { signal: stop.signal, report }));
  expect(error.code).toBe("INTERRUPTED");
  expect(await processesWith("98.7")).toEqual([]);
  expect(await mountsBelow(shop.home.folder)).toEqual([]);
  const containers = join(shop.home.layout.home, "buildah/storage/overlay-containers/containers.json");
  expect(JSON.parse(await readFile(containers, "utf8"))).toEqual([]);
  await shop.write({ Dockerfile: `${TOOLS}RUN date > /stamp\nRUN touch /begun\n` });
  const { output } = await shop.build();
  expect(output.filter((line) => line.startsWith("--> Using cache"))).toHaveLength(2);
});

async function failure(promise: Promise<unknown>): Promise<BothyError> {
  return promise.then(
    () => expect.unreachable("did not fail"),
    (error: unknown) => error as BothyError,
  );
}

/** Pids whose command line has this word. */
async function processesWith(word: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return pids.filter((_, index) => lines[index]?.split("\0").includes(word));
}
