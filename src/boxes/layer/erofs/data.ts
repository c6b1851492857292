import { HOLE } from "./chunks.ts";
import { compressedExtents } from "./extents.ts";
import { BLOCK } from "./image.ts";
import type { Inode } from "./inode.ts";
import { unpackLz4 } from "./lz4.ts";

/** A file's, directory's or link's bytes, in pieces. */
export async function* readData(inode: Inode): AsyncGenerator<Buffer> {
  if (inode.size === 0) return;
  if (inode.layout === "compressed") yield* compressedData(inode);
  else if (inode.layout === "chunks") yield* chunkedData(inode);
  else if (inode.layout === "plain" || inode.layout === "inline") yield* plainData(inode);
  else throw new Error(`an EROFS image has data in the form \`${inode.layout}\`, which bothy does not write`);
}

/** All the bytes at once; for what is known to be small. */
export async function readAll(inode: Inode): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of readData(inode)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** One block of data that is not compressed: a directory's. */
export async function readBlock(inode: Inode, number: number): Promise<Buffer> {
  const length = Math.min(BLOCK, inode.size - number * BLOCK);
  const isLast = (number + 1) * BLOCK >= inode.size;
  const isInline = inode.layout === "inline" && isLast;
  const at = isInline ? inode.xattrsAt + inode.xattrBytes : (inode.start + number) * BLOCK;
  return inode.image.read(at, length);
}

async function* plainData(inode: Inode): AsyncGenerator<Buffer> {
  for (let number = 0; number * BLOCK < inode.size; number++) yield await readBlock(inode, number);
}

/** A map of addresses after the inode; a chunk without one is a hole. */
async function* chunkedData({ image, start, size, xattrsAt, xattrBytes }: Inode): AsyncGenerator<Buffer> {
  const chunkBytes = BLOCK * 2 ** (start & 0x1f);
  const map = Math.ceil((xattrsAt + xattrBytes) / 4) * 4;
  for (let position = 0; position < size; position += BLOCK) {
    const entry = await image.read(map + Math.floor(position / chunkBytes) * 4, 4);
    const length = Math.min(BLOCK, size - position);
    const address = entry.readUInt32LE(0) * BLOCK + (position % chunkBytes);
    yield entry.readUInt32LE(0) === HOLE ? Buffer.alloc(length) : await image.read(address, length);
  }
}

async function* compressedData(inode: Inode): AsyncGenerator<Buffer> {
  for await (const { block, length, isPacked } of compressedExtents(inode)) {
    const bytes = await inode.image.read(block * BLOCK, BLOCK);
    if (isPacked) yield unpackLz4(bytes.subarray(leadingZeros(bytes)), length);
    else yield bytes.subarray(0, length);
  }
}

/** Packed data ends where its block ends. */
function leadingZeros(bytes: Buffer): number {
  let count = 0;
  while (count < bytes.length && bytes[count] === 0) count++;
  return count;
}
