import { expect, it } from "vitest";
import { formatMiB, parseMiB } from "../../../src/config/sizes.ts";

it.each([
  ["512MiB", 512],
  ["512m", 512],
  ["512M", 512],
  ["512mb", 512],
  ["1GiB", 1024],
  ["1g", 1024],
  ["1 GiB", 1024],
  [" 1.5g ", 1536],
  ["2TiB", 2 * 1024 * 1024],
  ["524288k", 512],
  ["1048576b", 1],
  ["1.1GiB", 1127],
  ["1b", 1],
  ["0m", 0],
  ["512", undefined],
  ["", undefined],
  ["GiB", undefined],
  ["-1g", undefined],
  ["1e3m", undefined],
  ["1.m", undefined],
  ["1PiB", undefined],
  ["1gig", undefined],
  ["1 g b", undefined],
])("%j is %s MiB", (text, expected) => {
  expect(parseMiB(text)).toBe(expected);
});

it.each([
  [512, "512MiB"],
  [1024, "1GiB"],
  [10240, "10GiB"],
  [1536, "1536MiB"],
  [0, "0MiB"],
])("%d MiB is written %s, and read again as the same", (mebibytes, text) => {
  expect(formatMiB(mebibytes)).toBe(text);
  expect(parseMiB(text)).toBe(mebibytes);
});
