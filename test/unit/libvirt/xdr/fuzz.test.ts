import { expect, test } from "vitest";
import { errorReply, Qemu, Remote } from "../../../../src/libvirt/protocol/index.ts";
import { type Codec, decode, encode, XdrError } from "../../../../src/libvirt/xdr/index.ts";
import { Prng } from "../support/prng.ts";

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
