import { expect, it } from "vitest";
import { editDistance, nearest } from "../../../src/config/suggest.ts";

const KEYS = ["box", "run", "user", "isolation", "cpus", "memory", "disk", "limits", "environment"];

it.each([
  ["memroy", "memory"],
  ["Memory", "memory"],
  ["cpu", "cpus"],
  ["isolatoin", "isolation"],
  ["enviroment", "environment"],
  ["command", "run"],
  ["mem_limit", "memory"],
  ["pids_limit", "limits.pids"],
  ["bx", "box"],
  ["services", undefined],
  ["frobnicate", undefined],
  ["ports", undefined],
  ["", undefined],
])("%j probably means %s", (word, expected) => {
  expect(nearest(word, KEYS)).toBe(expected);
});

it.each([
  ["", "", 0],
  ["abc", "", 3],
  ["abc", "abd", 1],
  ["abc", "acb", 1],
  ["abc", "xabc", 1],
  ["kitten", "sitting", 3],
])("%j and %j are %d apart, either way", (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});
