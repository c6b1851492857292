import { describe, expect, test } from "vitest";
import { unpackKernel } from "../../../src/boxes/artefact-vmlinux.ts";

const PVH_NOTE = Buffer.from([4, 0, 0, 0, 8, 0, 0, 0, 18, 0, 0, 0, 0x58, 0x65, 0x6e, 0]);
const KERNEL = Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46]), PVH_NOTE, Buffer.alloc(40, "ab")]);

/** An LZ4 block of literals, and one copy of 36 bytes from two bytes back. */
function block(): Buffer {
  const literals = KERNEL.subarray(0, 24);
  const tail = KERNEL.subarray(60);
  // 24 literals (15 + 9), distance 2, length 36 (4 + 15 + 17); then the rest as literals
  return Buffer.concat([Buffer.from([0xff, 9]), literals, Buffer.from([2, 0, 17, tail.length << 4]), tail]);
}

/** A bzImage as far as its header matters. */
function image(options: { magic?: number; kernel?: Buffer; lz4?: number } = {}): Buffer {
  const packed = options.kernel ?? block();
  const head = Buffer.alloc(1024);
  const payload = Buffer.alloc(packed.length + 12);
  payload.writeUInt32LE(options.lz4 ?? 0x184c2102, 0);
  payload.writeUInt32LE(packed.length, 4);
  packed.copy(payload, 8);
  payload.writeUInt32LE(KERNEL.length, 8 + packed.length);
  head.writeUInt8(1, 0x1f1);
  head.writeUInt32LE(options.magic ?? 0x53726448, 0x202);
  head.writeUInt32LE(0, 0x248);
  head.writeUInt32LE(payload.length, 0x24c);
  return Buffer.concat([head, payload]);
}

describe("unpackKernel", () => {
  test("unpacks literals and overlapping copies", () => {
    expect(unpackKernel(image())).toEqual(KERNEL);
  });

  test.each([
    ["is no bzImage", image({ magic: 0 })],
    ["is packed in another way", image({ lz4: 0x28b52ffd })],
    ["has no PVH entry", image({ kernel: Buffer.concat([Buffer.from([0xf0, 49]), Buffer.alloc(64)]) })],
  ])("leaves alone what %s", (_, content) => {
    expect(unpackKernel(content)).toBeUndefined();
  });
});
