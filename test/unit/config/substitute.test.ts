// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of project files look like that
import { describe, expect, it } from "vitest";
import { substitute } from "../../../src/config/substitute.ts";
import { seeded } from "./support/seeded.ts";

const env: Record<string, string> = { A: "a", EMPTY: "", B_2: "two", DOLLAR: "$A", BRACE: "}" };
const lookup = (name: string) => env[name];
const result = (text: string) => substitute(text, lookup);

describe("every form of Compose", () => {
  it.each([
    ["plain", "plain"],
    ["", ""],
    ["$A", "a"],
    ["${A}", "a"],
    ["$B_2-x", "two-x"],
    ["x${A}y$A.z", "xaya.z"],
    ["$$A", "$A"],
    ["$$$A", "$a"],
    ["$${A}", "${A}"],
    ["${NO:-d}", "d"],
    ["${NO-d}", "d"],
    ["${EMPTY:-d}", "d"],
    ["${EMPTY-d}", ""],
    ["${A:-d}", "a"],
    ["${NO:-}", ""],
    ["${A:+r}", "r"],
    ["${A+r}", "r"],
    ["${NO:+r}", ""],
    ["${NO+r}", ""],
    ["${EMPTY:+r}", ""],
    ["${EMPTY+r}", "r"],
    ["${A:?needed}", "a"],
    ["${EMPTY?needed}", ""],
    ["${NO:-${A}}", "a"],
    ["${NO:-x${NO:-$A}z}", "xaz"],
    ['${NO:-{"k":{}}}', '{"k":{}}'],
    ["${NO:-a:-b}", "a:-b"],
    ["${NO:-two\nlines}", "two\nlines"],
    ["${A:+$$}", "$"],
    ["${A:-${EVIL:?not looked at}}", "a"],
    ["$DOLLAR", "$A"],
    ["${BRACE}", "}"],
  ])("%j -> %j", (text, expected) => {
    expect(result(text)).toEqual({ text: expected, unset: [], problems: [] });
  });
});

describe("variables that are not set", () => {
  it.each([
    ["$NO", "", ["NO"]],
    ["a${NO}b$ALSO", "ab", ["NO", "ALSO"]],
    ["${NO:-${ALSO}}", "", ["ALSO"]],
  ])("%j is empty, with a warning", (text, expected, unset) => {
    expect(result(text)).toEqual({ text: expected, unset, problems: [] });
  });
});

describe("problems", () => {
  it.each([
    ["${NO:?set it}", 'the variable "NO" is not set: set it'],
    ["${NO?}", 'the variable "NO" is not set'],
    ["${EMPTY:?say ${A}}", 'the variable "EMPTY" is empty: say a'],
    ["cost: 5$", '"$" before the end names no variable; write "$$" for a dollar sign'],
    ["$1", '"$" before "1" names no variable; write "$$" for a dollar sign'],
    ["$(date)", '"$" before "(" names no variable; write "$$" for a dollar sign'],
    ["${A", '"${" is not closed; write "$$" for a dollar sign'],
    ["${}", '"${}" is no variable; write "$$" for a dollar sign'],
    ["${A-B:-C}${A!x}", '"${A!x}" is no variable; write "$$" for a dollar sign'],
    ["${1A}", '"${1A}" is no variable; write "$$" for a dollar sign'],
  ])("%j", (text, problem) => {
    expect(result(text).problems).toEqual([problem]);
  });

  it("are all found", () => {
    expect(result("$1 ${NO:?x} $").problems).toHaveLength(3);
  });
});

describe("for any text", () => {
  const pieces = ["$", "{", "}", "$$", "${", "A", ":-", ":?", "+", " ", "x", "\n", "NO", "${A}", "'"];
  const random = seeded(7);
  const texts = Array.from({ length: 3000 }, () =>
    Array.from({ length: random(9) }, () => pieces[random(pieces.length)]).join(""),
  );

  it("ends without an exception", () => {
    for (const text of texts) expect(typeof result(text).text).toBe("string");
  });

  it("keeps text without a dollar sign, and any text whose dollar signs are doubled", () => {
    for (const text of texts) {
      expect(result(text.replaceAll("$", ""))).toMatchObject({
        text: text.replaceAll("$", ""),
        problems: [],
      });
      expect(result(text.replaceAll("$", "$$$$"))).toEqual({ text, unset: [], problems: [] });
    }
  });

  it("works piece by piece: the results of two texts are the result of both", () => {
    for (let i = 0; i + 1 < texts.length; i += 2) {
      const [first = "", second = ""] = [`${texts[i]} `, texts[i + 1]];
      if (result(first).problems.length > 0) continue; // an open brace would reach into the second
      expect(result(first + second).text).toBe(result(first).text + result(second).text);
    }
  });
});
