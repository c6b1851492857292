import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { uncompress } from "../../../../src/boxes/layer/uncompress.ts";
import { start } from "../../../../src/system/index.ts";
import { noise } from "./support.ts";

async function packed(tool: string, bytes: Buffer): Promise<Buffer> {
  const child = start([tool, "-c"], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin?.end(bytes);
  const pieces: Buffer[] = [];
  for await (const piece of child.stdout ?? []) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

async function unpacked(bytes: Buffer): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const input = Readable.from(bytes.length === 0 ? [] : [bytes.subarray(0, 3), bytes.subarray(3)]);
  for await (const piece of uncompress(input)) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe("uncompress", () => {
  const bytes = Buffer.concat([noise(300_000), Buffer.alloc(300_000)]);

  it.each(["gzip", "zstd", "xz", "bzip2"])("unpacks %s, which it knows by the content", async (tool) => {
    const whole = await packed(tool, bytes);
    expect((await unpacked(whole)).equals(bytes)).toBe(true);
    const attempt = unpacked(whole.subarray(0, whole.length - 100));
    await expect(attempt).rejects.toThrow(`is damaged: ${tool} says`);
  });

  it("unpacks gzip of several members, and zstd after a frame that is skipped", async () => {
    const members = Buffer.concat([gzipSync(bytes), gzipSync(Buffer.from("more"))]);
    expect((await unpacked(members)).equals(Buffer.concat([bytes, Buffer.from("more")]))).toBe(true);
    const skipped = Buffer.from("502a4d180400000061626364", "hex");
    const frames = Buffer.concat([skipped, await packed("zstd", bytes)]);
    expect((await unpacked(frames)).equals(bytes)).toBe(true);
  });

  it("leaves everything else as it is", async () => {
    for (const plain of [bytes, Buffer.alloc(0), Buffer.from("ab")]) {
      expect((await unpacked(plain)).equals(plain)).toBe(true);
    }
  });

  it("ends what it started when nobody wants more, and passes the input's own error on", async () => {
    for (const tool of ["gzip", "xz"]) {
      const input = Readable.from([await packed(tool, noise(3 << 20))]);
      for await (const _piece of uncompress(input)) break;
      expect(input.destroyed).toBe(true);
      const half = (await packed(tool, bytes)).subarray(0, 200_000);
      const failing = Readable.from(
        (function* () {
          yield half;
          throw new Error("the line went dead");
        })(),
      );
      const attempt = (async () => {
        for await (const _piece of uncompress(failing));
      })();
      await expect(attempt).rejects.toThrow("the line went dead");
    }
  });
});
