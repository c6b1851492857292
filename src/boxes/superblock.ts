import type { FileHandle } from "node:fs/promises";

/** EROFS: the superblock starts here, and its checksum covers the rest of the first block. */
const SUPERBLOCK = 1024;
const BLOCK = 4096;
const MAGIC = 0xe0f5e1e2;
const FIELD = { magic: 0, checksum: 4, features: 8, uuid: 48 } as const;
const FEATURE_CHECKSUM = 1;

/**
 * Gives an EROFS image its UUID and mends the superblock's checksum, which the kernel verifies at mount.
 * Saves a second run of mkfs when the UUID is derived from what the first run wrote.
 */
export async function writeUuid(image: FileHandle, uuid: Uint8Array): Promise<void> {
  const block = Buffer.alloc(BLOCK - SUPERBLOCK);
  await image.read(block, 0, block.length, SUPERBLOCK);
  if (block.readUInt32LE(FIELD.magic) !== MAGIC) throw new Error("not an EROFS image");
  block.set(uuid, FIELD.uuid);
  if (block.readUInt32LE(FIELD.features) & FEATURE_CHECKSUM) {
    block.writeUInt32LE(0, FIELD.checksum);
    block.writeUInt32LE(crc32c(block), FIELD.checksum);
  }
  await image.write(block, 0, block.length, SUPERBLOCK);
}

/** A version 4 shaped UUID from the first 16 bytes of a hex digest. */
export function uuidOf(digest: string): Uint8Array {
  const bytes = Buffer.from(digest.slice(0, 32), "hex");
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
}

/** CRC-32C as the kernel's `crc32c(~0, ...)`: not inverted at the end. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return crc >>> 0;
}
