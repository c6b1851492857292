// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of project files look like that
import { describe, expect, it } from "vitest";
import { parseDotenv } from "../../../src/config/dotenv.ts";

const outer = (name: string) => (name === "HOST" ? "host" : undefined);
const values = (text: string) => Object.fromEntries(parseDotenv(text, outer).values);

describe("values by Compose's rules", () => {
  it.each([
    ["VAR=VAL", "VAL"],
    ["VAR=", ""],
    ["VAR = VAL ", "VAL"],
    ["  VAR=VAL", "VAL"],
    ["export VAR=VAL", "VAL"],
    ["VAR: VAL", "VAL"],
    ["VAR=VAL # comment", "VAL"],
    ["VAR=VAL# not a comment", "VAL# not a comment"],
    ["VAR= # nothing", ""],
    ["VAR=two words", "two words"],
    ["VAR=a=b", "a=b"],
    ['VAR="VAL"', "VAL"],
    ['VAR="VAL # not a comment" # comment', "VAL # not a comment"],
    ["VAR='VAL'", "VAL"],
    ["VAR='$HOST ${HOST}'", "$HOST ${HOST}"],
    ["VAR='Let\\'s go!'", "Let's go!"],
    ["VAR='a\\tb'", "a\\tb"],
    ['VAR="{\\"hello\\": \\"json\\"}"', '{"hello": "json"}'],
    ['VAR="a\\tb\\nc\\\\d"', "a\tb\nc\\d"],
    ['VAR="two\nlines"', "two\nlines"],
    ["VAR='two\nlines'", "two\nlines"],
    ["VAR=$HOST-x", "host-x"],
    ['VAR="${HOST}-x"', "host-x"],
    ['VAR="\\$HOST"', "$HOST"],
    ["VAR=${NO:-default}", "default"],
    ["VAR=$$5", "$5"],
    ["VAR=VAL\r\nOTHER=x", "VAL"],
    ["\uFEFFVAR=VAL", "VAL"],
  ])("%j -> %j", (text, expected) => {
    expect(values(text)["VAR"]).toBe(expected);
  });
});

it("reads many lines, blanks and comments between them; the last of a name counts", () => {
  const text = "# head\n\nA=1\n  # more\nB='2\n'\nA=3\nBARE\nC=$A$B\n";
  expect(values(text)).toEqual({ A: "3", B: "2\n", C: "32\n" });
});

it("prefers the environment inside values", () => {
  expect(values("HOST=file\nVAR=$HOST")).toEqual({ HOST: "file", VAR: "host" });
});

it("reports what it cannot read, with the line, and goes on", () => {
  const text = "A=1\n=x\nB C\n1A=2\nD=\"open\nE='e' rest\nF=${NO:?why}\n";
  const { problems } = parseDotenv(text.replace('"open', '"closed" x'), outer);
  expect(problems).toEqual([
    { line: 2, message: "expected `KEY=VALUE`" },
    { line: 3, message: 'expected "=" after "B"' },
    { line: 4, message: "expected `KEY=VALUE`" },
    { line: 5, message: 'text after the closing quote of "D"' },
    { line: 6, message: 'text after the closing quote of "E"' },
    { line: 7, message: 'the variable "NO" is not set: why' },
  ]);
  expect(parseDotenv('A="open\nB=2', outer).problems).toEqual([
    { line: 1, message: 'the quote of "A" is not closed' },
  ]);
});

it("warns of variables that are not set", () => {
  expect(parseDotenv("\nA=$NO", outer).warnings).toEqual([
    { line: 2, message: 'the variable "NO" is not set and counts as empty' },
  ]);
});
