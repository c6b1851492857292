import type { ErofsImage } from "./image.ts";

/** How an inode's data lies in the file. */
const LAYOUTS = ["plain", "compressed-full", "inline", "compressed", "chunks"] as const;
const NID_BYTES = 32;

/** One file of an image. */
export interface Inode {
  readonly image: ErofsImage;
  readonly nid: number;
  /** Type and permission bits, as stat(2) has them. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly layout: (typeof LAYOUTS)[number] | undefined;
  /** The first block of plain data, or a device's number as the kernel packs it. */
  readonly start: number;
  /** Bytes before its extended attributes, and how many those are. */
  readonly xattrsAt: number;
  readonly xattrBytes: number;
}

/** Reads an inode, in either of its two forms. */
export async function readInode(image: ErofsImage, nid: number): Promise<Inode> {
  const at = image.metaStart + nid * NID_BYTES;
  const small = await image.read(at, 32);
  const format = small.readUInt16LE(0);
  const isExtended = (format & 1) !== 0;
  const bytes = isExtended ? await image.read(at, 64) : small;
  const xattrCount = bytes.readUInt16LE(2);
  return {
    image,
    nid,
    mode: bytes.readUInt16LE(4),
    ...(isExtended ? extendedFields(bytes) : compactFields(bytes, image)),
    layout: LAYOUTS[(format >> 1) & 7],
    start: bytes.readUInt32LE(16),
    xattrsAt: at + bytes.length,
    xattrBytes: xattrCount === 0 ? 0 : 12 + (xattrCount - 1) * 4,
  };
}

/** A hidden name: a character device 0:0. */
export function isWhiteout({ mode, start }: Inode): boolean {
  return typeOf(mode) === "character" && start === 0;
}

/** A device's numbers out of the kernel's packing of them. */
export function deviceOf({ start }: Inode): { major: number; minor: number } {
  return { major: (start >>> 8) & 0xfff, minor: (start & 0xff) | ((start >>> 12) & 0xfff00) };
}

const TYPES: Readonly<Record<number, "fifo" | "character" | "directory" | "block" | "file" | "symlink">> = {
  1: "fifo",
  2: "character",
  4: "directory",
  6: "block",
  8: "file",
  10: "symlink",
};

/** What a mode says of the type; `undefined` for sockets. */
export function typeOf(mode: number): (typeof TYPES)[number] | undefined {
  return TYPES[mode >> 12];
}

type Varying = Pick<Inode, "size" | "uid" | "gid" | "seconds" | "nanoseconds">;

function compactFields(bytes: Buffer, image: ErofsImage): Varying {
  const [uid, gid] = [bytes.readUInt16LE(24), bytes.readUInt16LE(26)];
  return { size: bytes.readUInt32LE(8), uid, gid, ...image.builtAt };
}

function extendedFields(bytes: Buffer): Varying {
  return {
    size: Number(bytes.readBigUInt64LE(8)),
    uid: bytes.readUInt32LE(24),
    gid: bytes.readUInt32LE(28),
    seconds: Number(bytes.readBigInt64LE(32)),
    nanoseconds: bytes.readUInt32LE(40),
  };
}
