import type { Inode } from "./inode.ts";

/** The beginnings of names, which images keep as numbers. */
const PREFIXES: Readonly<Record<number, string>> = {
  1: "user.",
  2: "system.posix_acl_access",
  3: "system.posix_acl_default",
  4: "trusted.",
  6: "security.",
};
const HEADER_BYTES = 12;
const ENTRY_HEADER_BYTES = 4;
/** Name and value are shorter than this in every image: a name has at most 255 bytes. */
const MOST_SHARED_BYTES = ENTRY_HEADER_BYTES + 255 + 65_535;

/** The extended attributes of an inode by their full names (one character a byte). */
export async function readXattrs(inode: Inode): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  if (inode.xattrBytes === 0) return found;
  const body = await inode.image.read(inode.xattrsAt, inode.xattrBytes);
  const sharedCount = body[4] ?? 0;
  for (let index = 0; index < sharedCount; index++) {
    await addShared(found, inode, body.readUInt32LE(HEADER_BYTES + index * 4));
  }
  for (let at = HEADER_BYTES + sharedCount * 4; at + ENTRY_HEADER_BYTES <= body.length; ) {
    at += aligned(add(found, body.subarray(at)));
  }
  return found;
}

async function addShared(found: Map<string, Buffer>, { image }: Inode, id: number): Promise<void> {
  const at = image.xattrStart + id * 4;
  const header = await image.read(at, ENTRY_HEADER_BYTES);
  const length = Math.min(lengthOf(header), MOST_SHARED_BYTES);
  add(found, await image.read(at, length));
}

function add(found: Map<string, Buffer>, entry: Buffer): number {
  const nameLength = entry[0] ?? 0;
  const prefix = PREFIXES[entry[1] ?? 0];
  const name = entry.toString("latin1", ENTRY_HEADER_BYTES, ENTRY_HEADER_BYTES + nameLength);
  const length = lengthOf(entry);
  if (prefix) found.set(prefix + name, Buffer.from(entry.subarray(ENTRY_HEADER_BYTES + nameLength, length)));
  return length;
}

function lengthOf(entry: Buffer): number {
  return ENTRY_HEADER_BYTES + (entry[0] ?? 0) + entry.readUInt16LE(2);
}

function aligned(length: number): number {
  return Math.ceil(length / 4) * 4;
}
