import { BLOCK } from "./image.ts";
import type { Inode } from "./inode.ts";

/** A run of a file's bytes that lies in one block. */
export interface PackedExtent {
  readonly block: number;
  /** Uncompressed. */
  readonly length: number;
  /** False: the bytes lie there as they are. */
  readonly isPacked: boolean;
}

/** What a cluster of 4096 bytes of the file is: where an extent starts, or in the middle of one. */
const HEAD = 1;
const NONHEAD = 2;
const LOW_BITS = 12;
const MAP_HEADER_BYTES = 8;
const ADVISE_TWO_BYTES = 1;

interface Cluster {
  readonly type: number;
  /** Where in the cluster the extent starts. */
  readonly offset: number;
  readonly block: number;
}

/** Packs of two (four bytes a cluster) or sixteen (two bytes a cluster), each with the address of one block. */
interface Pack {
  readonly at: number;
  readonly first: number;
  readonly count: number;
  readonly bytes: number;
}

/** The extents of a file in the "compacted" form (erofs_fs.h, `z_erofs_map_header` and `z_erofs_lcluster_index`). */
export async function* compressedExtents(inode: Inode): AsyncGenerator<PackedExtent> {
  let open: { start: number; cluster: Cluster } | undefined;
  for await (const [number, cluster] of clusters(inode)) {
    const start = number * BLOCK + cluster.offset;
    if (cluster.type === NONHEAD || start >= inode.size) continue; // mkfs marks the end with an extent of nothing
    if (open) yield extent(open.cluster, start - open.start);
    open = { start, cluster };
  }
  if (open) yield extent(open.cluster, inode.size - open.start);
}

function extent({ block, type }: Cluster, length: number): PackedExtent {
  return { block, length, isPacked: type === HEAD };
}

async function* clusters(inode: Inode): AsyncGenerator<[number, Cluster]> {
  const total = Math.ceil(inode.size / BLOCK);
  const header = Math.ceil((inode.xattrsAt + inode.xattrBytes) / 8) * 8;
  const advise = (await inode.image.read(header, MAP_HEADER_BYTES)).readUInt16LE(4);
  if ((advise & ~ADVISE_TWO_BYTES) !== 0) throw new Error(`an EROFS file has the unknown form ${advise}`);
  for (const pack of packs(header + MAP_HEADER_BYTES, total, (advise & ADVISE_TWO_BYTES) !== 0)) {
    const bytes = await inode.image.read(pack.at, pack.bytes);
    for (const [index, cluster] of unpack(bytes, pack.count).entries()) {
      if (pack.first + index < total) yield [pack.first + index, cluster];
    }
  }
}

/** Packs of two until the address is a multiple of 32, then sixteens as long as they fit, then twos again. */
function* packs(base: number, total: number, hasSixteens: boolean): Generator<Pack> {
  const before = ((32 - (base % 32)) / 4) % 8;
  const sixteens = hasSixteens && before < total ? Math.floor((total - before) / 16) : 0;
  let at = base;
  for (let first = 0; first < total; ) {
    const isSixteen = first >= before && first < before + sixteens * 16;
    const pack = isSixteen ? { count: 16, bytes: 32 } : { count: 2, bytes: 8 };
    yield { at, first, ...pack };
    at += pack.bytes;
    first += pack.count;
  }
}

function unpack(bytes: Buffer, count: number): Cluster[] {
  const bits = ((bytes.length - 4) * 8) / count;
  const raw = Array.from({ length: count }, (_, index) => {
    const value = (bytes.readUIntLE(Math.floor((index * bits) / 8), 3) >> ((index * bits) % 8)) & 0x3fff;
    return { type: value >> LOW_BITS, low: value & ((1 << LOW_BITS) - 1) };
  });
  const base = bytes.readUInt32LE(bytes.length - 4);
  return raw.map(({ type, low }, index) => ({ type, offset: low, block: base + blocksUntil(raw, index) }));
}

/** The address in a pack is that of the block before its first; a cluster in the middle counts its extent once. */
function blocksUntil(raw: readonly { type: number; low: number }[], index: number): number {
  let blocks = 1;
  for (let at = index - 1; at >= 0; at--) {
    const cluster = raw[at];
    if (cluster?.type === NONHEAD) at -= cluster.low;
    if (at >= 0) blocks++;
  }
  return blocks;
}
