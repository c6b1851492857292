import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { BothyError } from "../../../../src/errors.ts";
import { run } from "../../../../src/system/index.ts";
import { tempHome } from "../../../support/temp-home.ts";
import { importBytes, listing, sign, tar } from "./support.ts";

const sample = tar(
  { name: "dir/", type: "5", pax: { mtime: "1.5", "SCHILY.xattr.user.a": "b" } },
  { name: "dir/file", data: "content ".repeat(200) },
  { name: "dir/.wh.old" },
  { name: "link", type: "2", link: "dir/file" },
  { name: "hard", type: "1", link: "dir/file" },
  {
    name: "x",
    pax: { path: "long".repeat(60), "GNU.sparse.map": "0,1,600,2", "GNU.sparse.size": "700" },
    data: "abc",
  },
  { name: "././@LongLink", type: "L", data: `${"n".repeat(150)}\0` },
  { name: "n".repeat(100), data: "x" },
  { name: "dev", type: "4", major: 8, minor: 1 },
);

/** The same numbers on every run. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state;
  }
}

/** Changes a few bytes, and puts the checksum right of every header so that the change gets past it. */
function damaged(random: Generator<number>): Buffer {
  const next = (below: number) => (random.next().value as number) % below;
  const bytes = Buffer.from(sample);
  for (let count = 1 + next(4); count > 0; count--) {
    const block = next(bytes.length / 512) * 512;
    const isHeader = bytes.toString("latin1", block + 257, block + 262) === "ustar";
    const values = [0, 0x2f, 0x2e, 0x30, 0x37, 0x39, 0x80, 0xff, next(256)];
    bytes[block + next(isHeader ? 350 : 512)] = values[next(values.length)] ?? 0;
    if (isHeader) sign(bytes.subarray(block, block + 512));
  }
  return next(10) === 0 ? bytes.subarray(0, next(bytes.length)) : bytes;
}

describe("a damaged archive", () => {
  it("becomes a sound layer or is refused, and nothing else ever happens", async () => {
    await using home = await tempHome();
    const random = numbers(7);
    const ends = { made: 0, refused: 0 };
    for (let round = 0; round < 400; round++) {
      try {
        const layer = await importBytes(home.layout, damaged(random));
        ends.made++;
        await listing(home.layout, layer);
        if (round % 10 === 0) await run(["fsck.erofs", home.layout.layer(layer.digest)]);
      } catch (error) {
        if (!(error instanceof BothyError) || !["ARCHIVE_REFUSED", "DISK_FULL"].includes(error.code))
          throw error;
        ends.refused++;
      }
    }
    expect(ends.made).toBeGreaterThan(20);
    expect(ends.refused).toBeGreaterThan(20);
    expect(await readdir(home.layout.temporary())).toEqual([]);
    expect(await readdir(home.folder)).toEqual(["home"]);
  });
});
