import { expect, it } from "vitest";
import { ConfigError, formatPath, inOrder, type Problem } from "../../../src/config/problems.ts";

const problem = (line: number, column: number, message: string, path = ""): Problem => ({
  file: "bothy.yaml",
  line,
  column,
  path,
  message,
});

it("lists everything in one message, sorted by position", () => {
  const error = new ConfigError([
    problem(4, 5, 'unknown key, did you mean "memory"?', "machines.web.memroy"),
    problem(2, 9, "b"),
    problem(2, 1, "a", "name"),
  ]);
  expect(error.message).toMatchInlineSnapshot(`
    "the project file has 3 problems:
    bothy.yaml:2:1: name: a
    bothy.yaml:2:9: b
    bothy.yaml:4:5: machines.web.memroy: unknown key, did you mean "memory"?"
  `);
  expect(error).toMatchObject({ code: "CONFIG_INVALID", exit: 2, ref: "docs/errors.md#config_invalid" });
  expect(error.problems.map(({ line, column }) => [line, column])).toEqual([
    [2, 1],
    [2, 9],
    [4, 5],
  ]);
});

it("says one problem in the singular", () => {
  expect(new ConfigError([problem(1, 1, "a")]).message).toBe(
    "the project file has a problem:\nbothy.yaml:1:1: a",
  );
});

it("says once what is said twice of one place", () => {
  const twice = [problem(1, 1, "a", "machines.a"), problem(1, 1, "a", "machines.b"), problem(1, 1, "b")];
  expect(inOrder(twice).map(({ path, message }) => [path, message])).toEqual([
    ["machines.a", "a"],
    ["", "b"],
  ]);
});

it.each([
  [["machines", "web", "volumes", 0], "machines.web.volumes[0]"],
  [["name"], "name"],
  [[], ""],
  [["machines", "a.b", "x y"], 'machines."a.b"."x y"'],
  [["machines", ""], 'machines.""'],
])("%j is written %s", (path, text) => {
  expect(formatPath(path)).toBe(text);
});
