import { describe, expect, it } from "vitest";
import { problemsOf, read } from "./support/read.ts";

describe("a file that is no YAML", () => {
  it.each([
    [
      "machines: [",
      "bothy.yaml:1:12: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    ["machines:\n\tweb:\n", "bothy.yaml:2:1: Tabs are not allowed as indentation"],
    ["a: b: c", "bothy.yaml:1:4: Nested mappings are not allowed in compact mappings"],
    ["a: 'x", "bothy.yaml:1:6: Missing closing 'quote"],
    ["a: *none", 'bothy.yaml:1:4: a: there is no anchor "&none" above this'],
    ["a: 1\n---\nb: 2\n", "bothy.yaml:2:1: a second document begins here; one file is one project"],
    ["\u0000\u0001ELF", "bothy.yaml:1:1: the file is no YAML mapping with `machines:` in it"],
  ])("%j", (text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });
});

describe("a file that is no mapping", () => {
  const empty = "bothy.yaml:1:1: the file is empty; `bothy init` writes one to start from";
  const other = "bothy.yaml:1:1: the file is no YAML mapping with `machines:` in it";
  it.each([
    ["", empty],
    ["\n\n", empty],
    ["# only a comment\n", empty],
    ["---\n", empty.replace("1:1", "1:4")],
    ["hello", other],
    ["- a\n- b\n", other],
    ["42", other],
    ["Dear editor,\nthis is a letter.\n", other],
  ])("%j", (text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });
});

it("reports every syntax error, and only those", () => {
  const problems = problemsOf("a: 'x\nb: [\nc: {\n");
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.every((line) => /^bothy.yaml:\d+:\d+: /.test(line))).toBe(true);
});

it("reports keys that are there twice, and goes on with the rest", () => {
  const text = `
machines:
  web: { box: debian/12 }
  db:
    box: debian/12
    memory: 1g
    memory: 2g
  web:
    box: debian/12
    memroy: 1g
`;
  expect(problemsOf(text)).toMatchInlineSnapshot(`
    [
      "bothy.yaml:7:5: machines.db.memory: this key is there already, on line 6",
      "bothy.yaml:8:3: machines.web: a machine of that name is there already, on line 3",
      "bothy.yaml:10:5: machines.web.memroy: unknown key, did you mean "memory"?",
    ]
  `);
});

it("does not lose a key that JavaScript would hide", () => {
  expect(problemsOf("machines:\n  __proto__: { box: x }\n  web: { box: x }\n")).toMatchInlineSnapshot(`
    [
      "bothy.yaml:2:3: machines.__proto__: no legal key",
    ]
  `);
});

it("warns of tags that nobody knows", () => {
  const { config, warnings } = read("machines:\n  web:\n    box: !ours debian/12\n");
  expect(config?.machines[0]?.source).toEqual({ kind: "box", name: "debian/12" });
  expect(warnings.map(({ line, column, message }) => [line, column, message])).toEqual([
    [3, 10, "Unresolved tag: !ours"],
  ]);
});

it("reads files with Windows line ends and a byte order mark", () => {
  expect(read("\uFEFFmachines:\r\n  web:\r\n    box: debian/12\r\n").config?.machines).toHaveLength(1);
});
