import type { Extent } from "../tar/sparse.ts";
import { BLOCK } from "./image.ts";
import type { Output } from "./output.ts";
import type { Pieces } from "./writer.ts";

/** The address of a chunk that is not there: zeros. */
export const HOLE = 0xffff_ffff;
/** Files of a gigabyte have the smallest chunks; a map is never larger than a megabyte. */
const MOST_CHUNKS = 1 << 18;

/** How often a block is doubled to make a chunk of a file of this size. */
export function chunkBitsFor(size: number): number {
  let bits = 0;
  while (Math.ceil(size / (BLOCK * 2 ** bits)) > MOST_CHUNKS) bits++;
  return bits;
}

/** Appends the chunks that have data, and returns the map: a block's address for every chunk. */
export async function writeChunks(
  output: Output,
  size: number,
  bits: number,
  extents: readonly Extent[],
  pieces: Pieces,
): Promise<Buffer> {
  const chunkBytes = BLOCK * 2 ** bits;
  const map = Buffer.alloc(Math.ceil(size / chunkBytes) * 4, 0xff);
  let [chunk, base] = [-1, 0];
  const fillTo = (inChunk: number) => output.appendZeros(base + inChunk - output.end);
  const close = () => fillTo(Math.min(chunkBytes, Math.ceil((size - chunk * chunkBytes) / BLOCK) * BLOCK));
  for await (const [position, bytes] of placed(extents, pieces, chunkBytes)) {
    const number = Math.floor(position / chunkBytes);
    if (number !== chunk) {
      if (chunk >= 0) await close();
      [chunk, base] = [number, output.end];
      map.writeUInt32LE(base / BLOCK, number * 4);
    }
    await fillTo(position % chunkBytes);
    await output.append(bytes);
  }
  if (chunk >= 0) await close();
  return map;
}

/** The data with its places in the file, cut where extents and chunks end. */
async function* placed(
  extents: readonly Extent[],
  pieces: Pieces,
  chunkBytes: number,
): AsyncGenerator<readonly [position: number, bytes: Buffer]> {
  let piece: Buffer = Buffer.alloc(0);
  for (const { offset, length } of extents) {
    for (let position = offset; position < offset + length; ) {
      if (piece.length === 0) piece = (await pieces()) ?? piece;
      const most = Math.min(offset + length, (Math.floor(position / chunkBytes) + 1) * chunkBytes) - position;
      const bytes = piece.subarray(0, most);
      if (bytes.length === 0) throw new Error("a file with holes has less data than it tells");
      yield [position, bytes];
      position += bytes.length;
      piece = piece.subarray(bytes.length);
    }
  }
}
