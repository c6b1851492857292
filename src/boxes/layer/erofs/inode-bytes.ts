import type { Attributes, Xattrs } from "../tar/attributes.ts";

/** File types as directories have them. */
export const FILE_TYPE = {
  file: 1,
  directory: 2,
  character: 3,
  block: 4,
  fifo: 5,
  symlink: 7,
} as const;

const MODE_TYPE = {
  file: 0o100000,
  directory: 0o040000,
  character: 0o020000,
  block: 0o060000,
  fifo: 0o010000,
  symlink: 0o120000,
} as const;

export const LAYOUT = { plain: 0, inline: 2, compressed: 3, chunks: 4 } as const;

/** Numbers for the beginnings of attributes' names; the longest that fits. */
const PREFIXES = [
  ["system.posix_acl_access", 2],
  ["system.posix_acl_default", 3],
  ["user.", 1],
  ["trusted.", 4],
  ["security.", 6],
] as const;

export const INODE_BYTES = 64;
/** Where in an inode its number of links is. */
export const LINKS_AT = 44;
const XATTR_HEADER_BYTES = 12;
const NOTHING = Buffer.alloc(0);
/** The count of an inode's attributes' size has 16 bits. */
const MOST_XATTR_BYTES = 65_000 * 4;

/** Everything of an inode but where it is. */
export interface InodeFields {
  readonly type: keyof typeof FILE_TYPE;
  readonly attributes: Attributes;
  readonly layout: number;
  readonly size: number;
  /** The first block, a device's number, or a chunk's size: what the layout has there. */
  readonly start: number;
  readonly links: number;
}

/** An inode in the extended form (erofs_fs.h, `erofs_inode_extended`) with its attributes after it. */
export function inodeBytes({ type, attributes, layout, size, start, links }: InodeFields): Buffer {
  const xattrs = xattrBytes(attributes.xattrs);
  const bytes = Buffer.allocUnsafe(INODE_BYTES + xattrs.length).fill(0); // small ones come from a pool
  bytes.writeUInt16LE(1 | (layout << 1), 0);
  bytes.writeUInt16LE(xattrs.length === 0 ? 0 : (xattrs.length - XATTR_HEADER_BYTES) / 4 + 1, 2);
  bytes.writeUInt16LE(MODE_TYPE[type] | attributes.mode, 4);
  bytes.writeBigUInt64LE(BigInt(size), 8);
  bytes.writeUInt32LE(start, 16);
  bytes.writeUInt32LE(attributes.uid, 24);
  bytes.writeUInt32LE(attributes.gid, 28);
  bytes.writeBigInt64LE(BigInt(attributes.seconds), 32);
  bytes.writeUInt32LE(attributes.nanoseconds, 40);
  bytes.writeUInt32LE(links, LINKS_AT);
  xattrs.copy(bytes, INODE_BYTES);
  return bytes;
}

/** Device numbers as the kernel packs them into 32 bits. */
export function deviceNumber(major: number, minor: number): number {
  return ((minor & 0xff) | (major << 8) | ((minor & 0xfff00) << 12)) >>> 0;
}

/** Whether attributes have a size that an inode can tell. */
export function doXattrsFit(xattrs: Xattrs): boolean {
  let total = XATTR_HEADER_BYTES;
  for (const [name, value] of xattrs) {
    if (value.length > 0xffff) return false;
    total += name.length + value.length + 8;
  }
  return total <= MOST_XATTR_BYTES;
}

function xattrBytes(xattrs: Xattrs): Buffer {
  if (xattrs.size === 0) return NOTHING;
  const entries = [...xattrs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => entry(name, value));
  return Buffer.concat([Buffer.alloc(XATTR_HEADER_BYTES), ...entries]);
}

function entry(name: string, value: Buffer): Buffer {
  const [prefix, index] = PREFIXES.find(([start]) => name.startsWith(start)) ?? ["", 0];
  const rest = Buffer.from(name.slice(prefix.length), "latin1");
  const bytes = Buffer.alloc(Math.ceil((4 + rest.length + value.length) / 4) * 4);
  bytes.writeUInt8(rest.length, 0);
  bytes.writeUInt8(index, 1);
  bytes.writeUInt16LE(value.length, 2);
  rest.copy(bytes, 4);
  value.copy(bytes, 4 + rest.length);
  return bytes;
}
