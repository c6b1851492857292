import { expect, it } from "vitest";
import { Lines } from "../../../src/config/lines.ts";

it.each([
  [0, 1, 1],
  [1, 1, 2],
  [2, 1, 3],
  [3, 2, 1],
  [4, 3, 1],
  [6, 3, 3],
  [99, 3, 3],
  [-1, 1, 1],
])("offset %d is %d:%d", (offset, line, column) => {
  expect(new Lines("ab\n\ncd").placeOf(offset)).toEqual({ line, column });
});

it("has a place in an empty text", () => {
  expect(new Lines("").placeOf(0)).toEqual({ line: 1, column: 1 });
});
