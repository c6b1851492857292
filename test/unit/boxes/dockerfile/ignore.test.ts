import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseIgnoreRules, readIgnoreRules } from "../../../../src/boxes/dockerfile/ignore.ts";
import { tempHome } from "../../../support/temp-home.ts";

/** Pattern -> paths that it leaves out, paths that it does not. */
const CASES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["*.txt", ["a.txt", "a.txt/below"], ["sub/a.txt", "atxt"]],
  ["/a/", ["a", "a/b"], ["b/a"]],
  ["./a/../b", ["b"], ["a"]],
  ["*/*.md", ["x/a.md"], ["a.md", "x/y/a.md"]],
  ["**/*.md", ["a.md", "x/a.md", "x/y/a.md"], ["a.mdx"]],
  ["**", ["a", "a/b"], []],
  ["docs/**", ["docs/a", "docs/a/b"], ["docs", "docsx"]],
  ["a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["a/zz", "z"]],
  ["file?", ["file1"], ["file", "file12", "file/"]],
  ["[a-c].[^x]", ["a.y", "b.1"], ["d.y", "a.x"]],
  ["a\\*b", ["a*b"], ["axb"]],
  ["(a+b).{c}$", ["(a+b).{c}$"], ["aab.c"]],
  ["  spaced name  ", ["spaced name"], ["spaced"]],
  ["#a\n\n", [], ["#a", "a"]],
  ["\uFEFFa\r\nb\r\n", ["a", "b"], []],
  [".", [], ["a", "a/b"]],
  ["*.md\n!README*.md\nREADME-secret.md", ["a.md", "README-secret.md"], ["README.md", "README-x.md"]],
  ["*.md\nREADME-secret.md\n!README*.md", ["a.md"], ["README-secret.md"]],
  ["dir\n!dir/keep", ["dir", "dir/x"], ["dir/keep", "dir/keep/below"]],
  ["!dir/keep\ndir", ["dir/keep"], []],
];

describe("parseIgnoreRules", () => {
  it.each(CASES)("%j", (text, ignored, kept) => {
    const rules = parseIgnoreRules(text, "/x/.dockerignore");
    expect(ignored.filter((path) => !rules.ignores(path))).toEqual([]);
    expect(kept.filter((path) => rules.ignores(path))).toEqual([]);
  });

  it.each(["ok\n[a", "ok\n!", "ok\na\\"])("refuses %j with its line", (text) => {
    expect(() => parseIgnoreRules(text, "/x/.dockerignore")).toThrow("/x/.dockerignore, line 2: `");
  });

  it("tells whether something ignored may hold something that is not", () => {
    expect(parseIgnoreRules("a", "").hasExceptions).toBe(false);
    expect(parseIgnoreRules("a\n! a/b", "")).toMatchObject({ hasExceptions: true, patterns: ["a", "!a/b"] });
  });
});

describe("readIgnoreRules", () => {
  it("prefers the Dockerfile's own file", async () => {
    await using home = await tempHome();
    const context = await home.sub("web");
    expect((await readIgnoreRules({ context })).patterns).toEqual([]);
    await writeFile(join(context, ".dockerignore"), "common\n");
    expect(await readIgnoreRules({ context })).toMatchObject({ patterns: ["common"] });
    await writeFile(join(context, "Other.dockerignore"), "own\n");
    const own = await readIgnoreRules({ context, dockerfile: "Other" });
    expect([own.path, own.patterns]).toEqual([join(context, "Other.dockerignore"), ["own"]]);
  });
});
