import { expect, it } from "vitest";
import { type BytesDone, byteProgress } from "../../../src/operations/byte-progress.ts";

const MIB = 1 << 20;

/** What is shown of these steps, which come at these times. */
function linesOf(live: boolean, steps: readonly (readonly [atMs: number, done: BytesDone])[]): string[] {
  const lines: string[] = [];
  let now = 0;
  const tell = byteProgress((line) => lines.push(line), { live, now: () => now });
  for (const [at, done] of steps) {
    now = at;
    tell(done);
  }
  return lines;
}

it("tells layers, bytes and rate, four times a second", () => {
  const at = (bytes: number, done: number) => ({ bytes: bytes * MIB, totalBytes: 40 * MIB, done, layers: 5 });
  expect(
    linesOf(true, [
      [0, at(0, 0)],
      [100, at(1, 0)],
      [1000, at(11, 1)],
      [1100, at(12, 1)],
      [9000, at(30, 2)],
      [9010, at(40, 3)],
      [9700, at(40, 5)],
    ]),
  ).toEqual([
    "layer 1 of 5, 0 bytes of 40 MiB",
    "layer 2 of 5, 11 MiB of 40 MiB, 11 MiB/s",
    "layer 3 of 5, 30 MiB of 40 MiB, 2.4 MiB/s",
    "unpacking layer 4 of 5",
    "unpacking layer 5 of 5",
  ]);
});

it("tells bytes alone where there are no layers", () => {
  expect(
    linesOf(true, [
      [0, { bytes: 512, totalBytes: 1024 }],
      [1000, { bytes: 1024, totalBytes: 1024 }],
    ]),
  ).toEqual(["512 bytes of 1 KiB", "1 KiB of 1 KiB"]);
});

it("tells only what lies before it where lines stay", () => {
  const at = (bytes: number) => ({ bytes, totalBytes: 3 * MIB, done: 0, layers: 1 });
  expect(
    linesOf(false, [
      [0, at(0)],
      [1000, at(MIB)],
      [2000, at(3 * MIB)],
    ]),
  ).toEqual(["1 layer, 3 MiB to fetch"]);
  expect(linesOf(false, [[0, { bytes: 0, totalBytes: 0, done: 1, layers: 1 }]])).toEqual([]);
});
