import { expect, it } from "vitest";
import { describeValue, setAt, valueAt } from "../../../src/config/values.ts";

it.each([
  [["a", "b", 1], 2],
  [["a"], { b: [1, 2] }],
  [[], { a: { b: [1, 2] } }],
  [["a", "x", "y"], undefined],
  [["a", "b", "length"], 2],
  [["toString"], undefined],
])("finds what is at %j", (path, expected) => {
  expect(valueAt({ a: { b: [1, 2] } }, path)).toEqual(expected);
});

it("replaces what is at a path, and nothing where there is none", () => {
  const value = { a: { b: [1, 2] } };
  setAt(value, ["a", "b", 0], 9);
  setAt(value, ["x", "y"], 9);
  setAt(value, [], 9);
  expect(value).toEqual({ a: { b: [9, 2] } });
});

it.each([
  [null, "nothing"],
  [undefined, "nothing"],
  [[1], "a list"],
  [{}, "a mapping"],
  ["x", '"x"'],
  [5, "5"],
  [Number.POSITIVE_INFINITY, "Infinity"],
  ["x".repeat(100), `"${"x".repeat(56)}..."`],
])("describes %j as %s", (value, text) => {
  expect(describeValue(value)).toBe(text);
});
