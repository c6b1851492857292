import { Refusal } from "../refusal.ts";
import type { Attributes } from "../tar/attributes.ts";
import { BLOCK } from "./image.ts";
import { FILE_TYPE, INODE_BYTES, inodeBytes, LAYOUT } from "./inode-bytes.ts";
import { type ErofsWriter, ROOT_NID } from "./writer.ts";

/** One directory: its names (one character a byte) with the numbers and types of what they stand for. */
export interface DirectoryContent {
  readonly attributes: Attributes;
  readonly names: Iterable<readonly [name: string, type: number, nid: number]>;
  readonly folders: number;
  readonly nid: number;
  readonly parentNid: number;
}

const ENTRY_BYTES = 12;
/** What the first block has left for the root. */
const MOST_ROOT_BYTES = BLOCK - ROOT_NID * 32;

/** Where a directory of these names will lie. The numbers of all must be known before one can be written. */
export async function reserveDirectory(
  writer: ErofsWriter,
  names: Iterable<string>,
  attributes: Attributes,
  isRoot: boolean,
): Promise<number> {
  if (isRoot && headBytes(attributes) > MOST_ROOT_BYTES) {
    throw new Refusal("has too many extended attributes", ".");
  }
  const tail = inlineBytes(attributes, sizeOf(names), isRoot);
  return isRoot ? ROOT_NID : writer.reserve(headBytes(attributes) + tail);
}

/** Writes a directory at the place that was reserved for it. */
export async function writeDirectory(writer: ErofsWriter, content: DirectoryContent): Promise<void> {
  const { attributes, nid, parentNid, folders } = content;
  const entries = [
    [".", FILE_TYPE.directory, nid] as const,
    ["..", FILE_TYPE.directory, parentNid] as const,
    ...content.names,
  ].sort(([a], [b]) => (a < b ? -1 : 1));
  const data = Buffer.concat(blocksOf(entries));
  const inlined = inlineBytes(attributes, data.length, nid === ROOT_NID);
  const whole = data.length - inlined;
  const start = whole > 0 ? await writer.blocks(data.subarray(0, whole)) : 0;
  const layout = inlined > 0 ? LAYOUT.inline : LAYOUT.plain;
  const fields = {
    type: "directory",
    attributes,
    layout,
    size: data.length,
    start,
    links: folders + 2,
  } as const;
  await writer.put(nid, Buffer.concat([inodeBytes(fields), data.subarray(whole)]));
}

/** The bytes of the last block when they can lie after the inode, else 0. */
function inlineBytes(attributes: Attributes, size: number, isRoot: boolean): number {
  const tail = size % BLOCK;
  return headBytes(attributes) + tail <= (isRoot ? MOST_ROOT_BYTES : BLOCK) ? tail : 0;
}

function headBytes(attributes: Attributes): number {
  const fields = {
    type: "directory",
    attributes,
    layout: LAYOUT.inline,
    size: 0,
    start: 0,
    links: 0,
  } as const;
  return attributes.xattrs.size === 0 ? INODE_BYTES : inodeBytes(fields).length;
}

function sizeOf(names: Iterable<string>): number {
  let [blocks, fill] = [0, 0];
  for (const name of [".", "..", ...names].sort()) {
    const needed = ENTRY_BYTES + name.length;
    if (fill + needed > BLOCK) [blocks, fill] = [blocks + 1, 0];
    fill += needed;
  }
  return blocks * BLOCK + fill;
}

/** Entries first, then their names, in each block; all but the last are filled up with zeros. */
function blocksOf(entries: readonly (readonly [name: string, type: number, nid: number])[]): Buffer[] {
  const blocks: Buffer[] = [];
  for (let first = 0; first < entries.length; ) {
    let [next, fill] = [first, 0];
    for (; next < entries.length; next++) {
      const needed = ENTRY_BYTES + (entries[next]?.[0].length ?? 0);
      if (fill + needed > BLOCK) break;
      fill += needed;
    }
    blocks.push(blockOf(entries.slice(first, next), next < entries.length ? BLOCK : fill));
    first = next;
  }
  return blocks;
}

function blockOf(
  entries: readonly (readonly [name: string, type: number, nid: number])[],
  length: number,
): Buffer {
  const block = Buffer.alloc(length);
  let nameAt = entries.length * ENTRY_BYTES;
  for (const [index, [name, type, nid]] of entries.entries()) {
    block.writeBigUInt64LE(BigInt(nid), index * ENTRY_BYTES);
    block.writeUInt16LE(nameAt, index * ENTRY_BYTES + 8);
    block.writeUInt8(type, index * ENTRY_BYTES + 10);
    nameAt += block.write(name, nameAt, "latin1");
  }
  return block;
}
