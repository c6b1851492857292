import { readBlock } from "./data.ts";
import { BLOCK } from "./image.ts";
import type { Inode } from "./inode.ts";

const ENTRY_BYTES = 12;

/** The number of the inode with that name (one character a byte) in a directory; `undefined` when there is none. */
export async function findName(directory: Inode, name: string): Promise<number | undefined> {
  const wanted = Buffer.from(name, "latin1");
  let [low, high] = [0, Math.ceil(directory.size / BLOCK) - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const block = await readBlock(directory, middle);
    const found = findInBlock(block, wanted);
    if (typeof found === "object") return found.nid;
    if (found === "before") high = middle - 1;
    else if (found === "after") low = middle + 1;
    else return undefined;
  }
  return undefined;
}

/** Every name of a directory (one character a byte), `.` and `..` left out. */
export async function* names(directory: Inode): AsyncGenerator<{ name: string; nid: number }> {
  for (let number = 0; number * BLOCK < directory.size; number++) {
    const block = await readBlock(directory, number);
    for (let index = 0; index < countOf(block); index++) {
      const name = nameAt(block, index).toString("latin1");
      if (name !== "." && name !== "..") yield { name, nid: nidAt(block, index) };
    }
  }
}

/** Names are sorted by their bytes, over all blocks of a directory. */
function findInBlock(block: Buffer, wanted: Buffer): { nid: number } | "before" | "after" | "absent" {
  const count = countOf(block);
  let [low, high] = [0, count - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = Buffer.compare(wanted, nameAt(block, middle));
    if (order === 0) return { nid: nidAt(block, middle) };
    if (order < 0) high = middle - 1;
    else low = middle + 1;
  }
  if (low === 0) return "before";
  return low === count ? "after" : "absent";
}

/** The first name lies right after the entries. */
function countOf(block: Buffer): number {
  return Math.floor(block.readUInt16LE(8) / ENTRY_BYTES);
}

function nidAt(block: Buffer, index: number): number {
  return Number(block.readBigUInt64LE(index * ENTRY_BYTES));
}

function nameAt(block: Buffer, index: number): Buffer {
  const start = block.readUInt16LE(index * ENTRY_BYTES + 8);
  const isLast = index === countOf(block) - 1;
  if (!isLast) return block.subarray(start, block.readUInt16LE((index + 1) * ENTRY_BYTES + 8));
  const end = block.indexOf(0, start);
  return block.subarray(start, end < 0 ? block.length : end);
}
