import { describe, expect, it } from "vitest";
import { normaliseBoxName } from "../../../src/boxes/index.ts";
import { closest } from "../../../src/boxes/suggest.ts";

describe("normaliseBoxName", () => {
  it.each([
    ["debian/12", "debian/12"],
    ["debian:12", "debian/12"],
    ["Debian/12-Slim", "debian/12-slim"],
    ["web", "web"],
    ["team/web:3.1_rc-2", "team/web/3.1_rc-2"],
  ])("%s is %s", (typed, name) => expect(normaliseBoxName(typed)).toBe(name));

  it.each(["", "/", "a//b", "../up", "a/../b", "a b", "-x", "x-", "a:b:c", ":12", "a".repeat(129), "ä"])(
    "refuses %j",
    (typed) => expect(() => normaliseBoxName(typed)).toThrow(expect.objectContaining({ code: "USAGE" })),
  );
});

describe("closest", () => {
  const known = ["debian/12", "debian/12-slim"];
  it("finds a misspelt name", () => expect(closest("debain/12", known)).toBe("debian/12"));
  it("says nothing when nothing is near", () => expect(closest("windows", known)).toBeUndefined());
});
