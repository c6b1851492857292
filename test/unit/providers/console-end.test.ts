import { describe, expect, test } from "vitest";
import { describeEnd, readConsoleEnd } from "../../../src/providers/console-end.ts";

describe("readConsoleEnd", () => {
  test.each([
    [
      "a VM's",
      "hello\r\nbothy: the program ended with exit status 3\r\n[    7.607144] reboot: Power down\r\n",
    ],
    ["a container's", "2026-11-22T20:01:49.89+00:00 stdout F bothy: the program ended with exit status 3\n"],
    ["one after an unended line", "hellobothy: the program ended with exit status 3\r\n\r\n"],
    [
      "one in pieces",
      "2026-11-22T20:01:49.89+00:00 stdout P hello\n2026-11-22T20:01:49.90+00:00 stdout P bothy: the program\n" +
        "2026-11-22T20:01:49.91+00:00 stdout F  ended with exit status 3\n",
    ],
  ])("finds a program's exit status in %s", (_, console) => {
    expect(readConsoleEnd(console)).toEqual({ exitStatus: 3 });
  });

  test("finds why our init gave up", () => {
    expect(readConsoleEnd("bothy: no disk with the serial 'data'\n")).toEqual({
      words: "no disk with the serial 'data'",
    });
  });

  test.each([
    ["nothing", ""],
    ["other words", "bothy: the program ended with exit status 3\nfarewell\n"],
    ["another try", "bothy: the program ended with exit status 3 and is started again in 2 s\nagain\n"],
  ])("makes nothing of %s", (_, console) => {
    expect(readConsoleEnd(console)).toEqual({});
  });
});

test("what is told of an end", () => {
  expect(describeEnd({ exitStatus: 0 }, "it turned itself off")).toEqual({
    reason: "its program ended with exit status 0",
    exitStatus: 0,
  });
  expect(describeEnd({ words: "no" }, "it turned itself off")).toEqual({
    reason: "it turned itself off: no",
  });
  expect(describeEnd({}, "it turned itself off")).toEqual({ reason: "it turned itself off" });
});
