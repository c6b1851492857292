import { expect, it } from "vitest";
import { plainLine } from "../../../src/system/index.ts";

it.each([
  ["plain text\twith a tab", "plain text\twith a tab"],
  ["2026-11-22T16:54:24.071467522+00:00 stdout F hello", "hello"],
  ["2026-11-22T16:54:24.071467522+00:00 stderr P part", "part"],
  ["\u001b[0;32m  OK  \u001b[0m started\r", "  OK   started"],
  ["\u001b]0;a title\u0007text", "text"],
  ["\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\", "link"],
  ["bell\u0007 back\u0008space \u009b31m8-bit", "bell backspace 31m8-bit"],
  ["\u001b(Bcharset \u001bMindex", "charset index"],
])("%j becomes %j", (line, plain) => {
  expect(plainLine(line)).toBe(plain);
});
