import { describe, expect, it } from "vitest";
import { duplicateFault } from "../../../src/config/document-faults.ts";
import { parseYaml } from "../../../src/config/parse.ts";
import { problemsOf } from "./support/read.ts";

const rest = "machines: { web: { box: debian/12 } }\n";

describe("aliases and merge keys that lead nowhere", () => {
  it.each([
    ["x-a: *none", 'bothy.yaml:1:6: x-a: there is no anchor "&none" above this'],
    ["x-a: [1, *none]", 'bothy.yaml:1:10: x-a[1]: there is no anchor "&none" above this'],
    ["x-a: { <<: 5 }", "bothy.yaml:1:8: x-a.<<: only mappings can be merged"],
    ["x-a: { <<: [{}, 5] }", "bothy.yaml:1:8: x-a.<<: only mappings can be merged"],
    ["x-a: &a [1]\nx-b: { <<: *a }", "bothy.yaml:2:8: x-b.<<: only mappings can be merged"],
    ["x-a: &a { <<: *a }", "bothy.yaml:1:11: x-a.<<: a mapping cannot be merged into itself"],
  ])("%j", (lines, problem) => {
    expect(problemsOf(`${lines}\n${rest}`)).toEqual([problem]);
  });
});

it("says where a key was first", () => {
  const source = parseYaml("a: 1\nb: 2\na: 3\n");
  expect(duplicateFault(source, 10)).toEqual({
    offset: 10,
    path: ["a"],
    message: "this key is there already, on line 1",
  });
  expect(duplicateFault(source, 99)).toEqual({ offset: 99, path: [], message: "this key is there twice" });
});

it.each([
  ["__proto__: 1", "bothy.yaml:1:1: __proto__: no legal key"],
  ["x-a: { __proto__: {} }", "bothy.yaml:1:8: x-a.__proto__: no legal key"],
  ["? [a, b]\n: 1", 'bothy.yaml:1:3: "?": a key has to be plain text'],
  ["x-a: &a k\n*a : 1", 'bothy.yaml:2:1: "?": a key has to be plain text'],
])("refuses the key of %j", (lines, problem) => {
  expect(problemsOf(`${lines}\n${rest}`)).toEqual([problem]);
});

it.each(["constructor", "toString", "hasOwnProperty"])("treats %s as any other key", (key) => {
  expect(problemsOf(`${key}: 1\n${rest}`)).toEqual([
    `bothy.yaml:1:1: ${key}: unknown key; the keys here are $schema, name, defaults, machines`,
  ]);
  expect(problemsOf(`machines: { web: { box: debian/12, environment: { ${key}: x } } }\n`)).toEqual([]);
});
