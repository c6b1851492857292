import { expect, it } from "vitest";
import { isLabel, toLabel } from "../../../src/config/names.ts";

it.each(["a", "web", "web-1", "1st", "a--b", "x".repeat(63)])("%j is a label", (name) => {
  expect(isLabel(name)).toBe(true);
});

it.each(["", "-a", "a-", "A", "a_b", "a.b", "a b", "ä", "a\n", "x".repeat(64)])("%j is no label", (name) => {
  expect(isLabel(name)).toBe(false);
});

it.each([
  ["shop", "shop"],
  ["My Shop!", "my-shop"],
  ["Größe_2", "gro-e-2"],
  ["Café", "cafe"],
  ["--x--", "x"],
  ["日本", ""],
  [`${"x".repeat(62)}-yy`, "x".repeat(62)],
])("the label nearest to %j is %j", (text, label) => {
  expect(toLabel(text)).toBe(label);
});
