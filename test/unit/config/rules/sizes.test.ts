import { expect, it } from "vitest";
import { machineFile, machineOf, problemsOf } from "../support/read.ts";

it.each([
  [
    "memory: lots",
    '4:13: machines.web.memory: "lots" is no size; write a number with a unit, such as "1GiB"',
  ],
  [
    'memory: "512"',
    '4:13: machines.web.memory: "512" is no size; write a number with a unit, such as "1GiB"',
  ],
  ["memory: 64m", '4:13: machines.web.memory: "64m" is too little; the least that works is 128MiB'],
  ["disk: 1PiB", '4:11: machines.web.disk: "1PiB" is no size; write a number with a unit, such as "10GiB"'],
  ["disk: 1m", '4:11: machines.web.disk: "1m" is too little; the least that works is 64MiB'],
  ["disk: 9TiB", '4:11: machines.web.disk: "9TiB" is too much; the most that works is 8192GiB'],
])("%s", (line, problem) => {
  expect(problemsOf(machineFile(line))).toEqual([`bothy.yaml:${problem}`]);
});

it("reads units into MiB", () => {
  expect(machineOf("memory: 1.5g\ndisk: 128m")).toMatchObject({ memoryMiB: 1536, diskMiB: 128 });
});

it("says once, and at `defaults`, what is wrong there", () => {
  const text = "defaults: { box: debian/12, memory: 1m }\nmachines: { a: , b: , c: { memory: 2m } }\n";
  expect(problemsOf(text)).toEqual([
    'bothy.yaml:1:37: defaults.memory: "1m" is too little; the least that works is 128MiB',
    'bothy.yaml:2:36: machines.c.memory: "2m" is too little; the least that works is 128MiB',
  ]);
});
