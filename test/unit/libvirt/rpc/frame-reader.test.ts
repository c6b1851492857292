import { expect, test } from "vitest";
import { ProtocolError } from "../../../../src/libvirt/errors/index.ts";
import { FrameReader } from "../../../../src/libvirt/rpc/index.ts";
import { Prng } from "../support/prng.ts";
import { onTheWire } from "../support/recording.ts";

const prng = new Prng(2);

function read(pieces: Iterable<Buffer>): Buffer[] {
  const reader = new FrameReader();
  return [...pieces].flatMap((piece) => [...reader.push(piece)]);
}

test.each([1, 3, 40, 5000, 1_000_000])("messages survive pieces of up to %i bytes", (largest) => {
  const frames = [24, 25, 300, 24, 70_000, 28].map((length) => Buffer.alloc(length, prng.bytes(251)));
  const wire = Buffer.concat(frames.map(onTheWire));
  const result = read(prng.pieces(wire, largest));
  expect(result.map(({ length }) => length)).toEqual(frames.map(({ length }) => length));
  expect(Buffer.concat(result).equals(Buffer.concat(frames))).toBe(true);
});

test("a message in one piece is not copied", () => {
  const wire = onTheWire(prng.bytes(100));
  const [frame] = read([wire]);
  expect(frame?.buffer).toBe(wire.buffer);
});

test.each([0, 4, 27, 32 * 1024 * 1024 + 5, 0xffffffff])("length %i is refused", (length) => {
  const word = Buffer.alloc(4);
  word.writeUInt32BE(length);
  expect(() => read([word.subarray(0, 2), word.subarray(2)])).toThrow(ProtocolError);
});

test("after a bad length nothing is read any more", () => {
  const reader = new FrameReader();
  for (let round = 0; round < 3; round += 1) {
    expect(() => [...reader.push(round === 0 ? Buffer.alloc(4) : onTheWire(Buffer.alloc(30)))]).toThrow(
      ProtocolError,
    );
  }
});

test("the largest message in small pieces takes linear time and no memory in advance", () => {
  const reader = new FrameReader();
  const word = Buffer.alloc(4);
  word.writeUInt32BE(32 * 1024 * 1024 + 4);
  const before = process.memoryUsage().arrayBuffers;
  expect([...reader.push(word), ...reader.push(Buffer.alloc(100))]).toEqual([]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  const piece = Buffer.alloc(1024);
  const frames = Array.from({ length: 32 * 1024 - 1 }, () => [...reader.push(piece)]).flat();
  expect([...frames, ...reader.push(Buffer.alloc(924))].map(({ length }) => length)).toEqual([
    32 * 1024 * 1024,
  ]);
});
