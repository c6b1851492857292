import { describe, expect, it } from "vitest";
import {
  extendedHeader,
  padding,
  plainHeader,
  readHeader,
  readRecords,
} from "../../../../src/boxes/export/tar-header.ts";

describe("tar headers", () => {
  it("say a file's path and size, beyond what octal digits have room for", () => {
    const read = (size: number) => readHeader(plainHeader("a/b", size), new Map());
    expect(read(5)).toMatchObject({ path: Buffer.from("a/b"), size: 5, type: "0" });
    expect(read(2 ** 40 + 3).size).toBe(2 ** 40 + 3);
    expect(readHeader(plainHeader("a/", 0), new Map()).type).toBe("5");
  });

  it("go by the extended header before them, whose values are bytes", () => {
    const value = Buffer.from([0, 255, 10, 61, 128]);
    const records = new Map([
      ["path", Buffer.from("long".repeat(50))],
      ["size", Buffer.from("12345678901234")],
      ["SCHILY.xattr.user.x", value],
    ]);
    const bytes = extendedHeader(records, plainHeader("a", 0));
    expect(bytes.length % 512).toBe(0);
    const { size, type } = readHeader(bytes.subarray(0, 512), new Map());
    expect(type).toBe("x");
    const back = readRecords(bytes.subarray(512, 512 + size));
    expect(back).toEqual(records);
    expect(readHeader(plainHeader("a", 0), back)).toMatchObject({
      path: records.get("path"),
      size: 12345678901234,
    });
    expect(extendedHeader(new Map(), plainHeader("a", 0))).toHaveLength(0);
  });

  it("fill up to whole blocks", () => {
    expect([0, 1, 511, 512, 513].map((size) => padding(size).length)).toEqual([0, 511, 1, 0, 511]);
  });
});
