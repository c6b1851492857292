import { describe, expect, it, test } from "vitest";
import { programOf, signalNumber } from "../../../src/machines/program.ts";
import { machineRecord } from "../../support/record.ts";

const { box } = machineRecord();

describe("programOf", () => {
  it("is ENTRYPOINT and CMD of the image, as the image says", () => {
    const image = { entrypoint: ["/run.sh"], command: ["serve", "80"], runAs: "www:www", workdir: "/srv" };
    expect(programOf({ box: { ...box, ...image, stopSignal: "SIGQUIT" } })).toEqual({
      argv: ["/run.sh", "serve", "80"],
      runAs: "www:www",
      workdir: "/srv",
      stopSignal: 3,
      restart: "no",
    });
  });

  it("has what the project file says in the place of that, and keeps the ENTRYPOINT", () => {
    const image = { entrypoint: ["/run.sh"], command: ["serve"], runAs: "www", workdir: "/srv" };
    const run = { command: ["check"], user: "0", workdir: "/", stopSignal: "9", restart: "always" } as const;
    expect(programOf({ box: { ...box, ...image }, run: { ...run, command: [...run.command] } })).toEqual({
      ...{ argv: ["/run.sh", "check"], runAs: "0", workdir: "/", stopSignal: 9, restart: "always" },
    });
  });

  it("runs as root in / and ends by SIGTERM where nobody says otherwise", () => {
    const expected = { argv: ["a"], runAs: "root", workdir: "/", stopSignal: 15, restart: "no" };
    expect(programOf({ box: { ...box, command: ["a"] } })).toEqual(expected);
  });

  it.each([
    ["a box that says nothing", box],
    ["a box with an init of its own", { ...box, init: "/sbin/init", command: ["a"] }],
  ])("is none for %s", (_, one) => {
    expect(programOf({ box: one })).toBeUndefined();
  });
});

test.each([
  ["SIGTERM", 15],
  ["term", 15],
  ["3", 3],
  ["SIGRTMIN", 34],
  ["RTMIN+3", 37],
  ["SIGRTMAX-1", 63],
])("signal %s is %i", (name, number) => {
  expect(signalNumber(name)).toBe(number);
});

test.each(["", "SIGNONE", "0", "65", "RTMIN+40", "RTMAX-31", "-1"])('"%s" is no signal', (name) => {
  expect(() => signalNumber(name)).toThrow(/is no signal/);
});
