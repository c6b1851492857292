import { describe, expect, test } from "vitest";
import { errorReply, Qemu, Remote } from "../../../src/libvirt/protocol/index.ts";
import {
  array,
  bool,
  type Codec,
  decode,
  encode,
  fixedOpaque,
  hyper,
  int,
  mapped,
  nothing,
  option,
  string,
  struct,
  uhyper,
  uint,
  XdrError,
} from "../../../src/libvirt/xdr/index.ts";
import { Prng } from "./support/prng.ts";

const MAX = 1 << 20;
const hex = <T>(codec: Codec<T>, value: T) => encode(codec, value, MAX).toString("hex");
const unhex = <T>(codec: Codec<T>, text: string) => decode(codec, Buffer.from(text, "hex"));

function expectXdrError(action: () => unknown, message: RegExp): void {
  expect(action).toThrow(XdrError);
  expect(action).toThrow(message);
}

describe("known bytes (RFC 4506)", () => {
  const person = struct({ name: string(10), age: option(uint) });
  const cases: [string, Codec<never>, unknown, string][] = [
    ["nothing", nothing as Codec<never>, undefined, ""],
    ["int", int as Codec<never>, -2, "fffffffe"],
    ["uint", uint as Codec<never>, 4294967295, "ffffffff"],
    ["hyper", hyper as Codec<never>, -2n, "fffffffffffffffe"],
    ["uhyper", uhyper as Codec<never>, 2n ** 64n - 1n, "ffffffffffffffff"],
    ["bool", bool as Codec<never>, true, "00000001"],
    ["text with padding", string(10) as Codec<never>, "h€", "0000000468e282ac"],
    ["text of five bytes", string(10) as Codec<never>, "hello", "0000000568656c6c6f000000"],
    ["empty text", string(10) as Codec<never>, "", "00000000"],
    ["fixed bytes", fixedOpaque(3) as Codec<never>, Uint8Array.of(1, 2, 3), "01020300"],
    ["array", array(uint, 3) as Codec<never>, [7, 8], "000000020000000700000008"],
    ["struct", person as Codec<never>, { name: "x", age: null }, "000000017800000000000000"],
    ["option", person as Codec<never>, { name: "x", age: 9 }, "00000001780000000000000100000009"],
  ];

  test.each(cases)("%s", (_, codec, value, bytes) => {
    expect(hex(codec, value as never)).toBe(bytes);
    expect(unhex(codec, bytes)).toEqual(value);
  });

  test("a mapped type has another face", () => {
    const negated = mapped(
      int,
      (wire) => -wire,
      (value: number) => -value,
    );
    expect(hex(negated, 1)).toBe("ffffffff");
    expect(unhex(negated, "ffffffff")).toBe(1);
  });
});

describe("encoding refuses what the schema cannot carry", () => {
  test.each([1.5, Number.NaN, -1, 2 ** 32])("uint %s", (value) => {
    expectXdrError(() => hex(uint, value), /not an integer from 0 to/);
  });

  test.each([-(2 ** 31) - 1, 2 ** 31])("int %s", (value) => {
    expectXdrError(() => hex(int, value), /not an integer/);
  });

  test("64 bits", () => {
    expectXdrError(() => hex(uhyper, -1n), /does not fit in 64 bits/);
    expectXdrError(() => hex(hyper, 2n ** 63n), /does not fit in 64 bits/);
  });

  test("text that is too long or would end early", () => {
    expectXdrError(() => hex(string(3), "four"), /over the limit of 3 bytes/);
    expectXdrError(() => hex(string(9), "a\0b"), /NUL/);
  });

  test("arrays that are too long and bytes of the wrong length", () => {
    expectXdrError(() => hex(array(uint, 1), [1, 2]), /2 elements, the limit is 1/);
    expectXdrError(() => hex(fixedOpaque(4), Uint8Array.of(1)), /1 bytes where 4/);
  });

  test("a message over its limit", () => {
    expectXdrError(() => encode(string(100), "x".repeat(20), 16), /over the limit of 16 bytes/);
  });

  test("the error names the field", () => {
    const outer = struct({ items: array(struct({ size: uint }), 5) });
    expectXdrError(() => hex(outer, { items: [{ size: 1 }, { size: -1 }] }), /^items\.1\.size: -1/);
  });
});

describe("decoding refuses hostile bytes", () => {
  test("a length over the limit, or over what is there", () => {
    expectXdrError(() => unhex(string(10), "0000000b"), /length 11 is over the limit of 10/);
    expectXdrError(() => unhex(string(MAX), "00010000"), /length 65536 does not fit in the 0 bytes left/);
    expectXdrError(() => unhex(array(uint, MAX), "0000000300000001"), /length 3 does not fit/);
  });

  test("numbers and padding that are cut off", () => {
    expectXdrError(() => unhex(uint, "000000"), /4 bytes expected, 3 left/);
    expectXdrError(() => unhex(uhyper, "00000000000000"), /8 bytes expected, 7 left/);
    expectXdrError(() => unhex(string(9), "0000000161"), /3 bytes expected, 0 left/);
  });

  test("truth values other than 0 and 1, and bytes left over", () => {
    expectXdrError(() => unhex(option(uint), "00000002"), /2 is neither 0 nor 1/);
    expectXdrError(() => unhex(uint, "0000000100"), /1 bytes after the end/);
  });

  test("text that is not UTF-8 is kept readable", () => {
    expect(unhex(string(9), "00000002c328abcd")).toBe("\ufffd(");
  });
});

test("a message grows at any boundary of any type", () => {
  const mixed = struct({ fill: string(MAX), a: int, b: uint, c: hyper, d: uhyper, e: string(MAX) });
  for (let length = 200; length < 300; length += 1) {
    const value = { fill: "f".repeat(length), a: -1, b: 2, c: -3n, d: 4n, e: "e".repeat(length * 3) };
    expect(decode(mixed, encode(mixed, value, MAX))).toEqual(value);
  }
});

const schemas: Codec<unknown>[] = [
  errorReply,
  ...[...Object.values(Remote), ...Object.values(Qemu)].flatMap(({ args, ret }) => [args, ret]),
] as Codec<unknown>[];

/** Small numbers make plausible lengths; large ones test the limits. */
function hostileBytes(prng: Prng): Buffer {
  const words = Array.from({ length: prng.below(40) }, () => {
    const kind = prng.below(4);
    if (kind === 0) return Buffer.from([0, 0, 0, prng.below(8)]);
    return kind === 1 ? Buffer.from([0xff, 0xff, 0xff, prng.below(256)]) : prng.bytes(4);
  });
  return Buffer.concat([...words, prng.bytes(prng.below(4))]);
}

test("random bytes decode or fail with XdrError, under every schema", () => {
  const prng = new Prng(1);
  for (let round = 0; round < 100; round += 1) {
    const bytes = hostileBytes(prng);
    for (const schema of schemas) {
      try {
        const value = decode(schema, bytes);
        expect(encode(schema, value, 1 << 20).length).toBe(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(XdrError);
      }
    }
  }
});
