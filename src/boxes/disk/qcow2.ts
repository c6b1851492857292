import { open } from "node:fs/promises";
import { BothyError } from "../../errors.ts";

/** How the bytes of a disk image are arranged. */
export type DiskFormat = "qcow2" | "raw";

const MAGIC = 0x514649fb;
/** Bits of `incompatible_features`. */
const CORRUPT = 2n;
const EXTERNAL_DATA = 4n;
/** Header extensions. */
const DATA_FILE = 0x44415441;
const END = 0;
/** Where fields are, see QEMU's docs/interop/qcow2.txt. */
const AT = {
  version: 4,
  backingOffset: 8,
  size: 24,
  crypt: 32,
  incompatible: 72,
  headerLength: 100,
} as const;
const SHORT_HEADER = 72;
const LONGEST_HEADER = 64 << 10;
/** More than any disk that somebody would hand around: a larger one is a mistake or made to do harm. */
const LARGEST_BYTES = 16 * 1024 ** 4;

/** Whether the first bytes of a file are those of a qcow2 image. */
export function isQcow2(head: Buffer): boolean {
  return head.length >= 8 && head.readUInt32BE(0) === MAGIC;
}

/**
 * Reads the header of a qcow2 image and returns the size of its disk in bytes. Refuses what would make a program that
 * opens it read other files of this host (backing and external data files), and what it cannot read: QEMU's tools are
 * given a file only after this.
 * @throws BothyError `BOX_INVALID` naming the file, what is wrong, and how to make a plain image of it.
 */
export async function checkQcow2(path: string, title: string): Promise<number> {
  const header = await readHead(path, LONGEST_HEADER);
  const refuse = (why: string, ...hints: string[]) => {
    throw new BothyError("BOX_INVALID", `\`${title}\` cannot be used: ${why}`, { hints });
  };
  if (!isQcow2(header) || header.length < SHORT_HEADER) refuse("it is no qcow2 image, or is cut short");
  const version = header.readUInt32BE(AT.version);
  if (version !== 2 && version !== 3)
    refuse(`it is of version ${version} of qcow; 2 and 3 can be read`, CONVERT);
  if (header.readBigUInt64BE(AT.backingOffset) !== 0n) {
    refuse("it has a backing file: a part of its content is in another file", FLATTEN);
  }
  if (header.readUInt32BE(AT.crypt) !== 0) refuse("it is encrypted", DECRYPT);
  if (version === 3) checkFeatures(header, refuse);
  const size = Number(header.readBigUInt64BE(AT.size));
  if (size === 0) refuse("its disk is empty");
  if (size > LARGEST_BYTES) refuse(`its disk has ${size} bytes, more than bothy takes`);
  return size;
}

/** The first bytes of a file; fewer when it is shorter. */
export async function readHead(path: string, length: number): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

const CONVERT = "make a plain image of it: `qemu-img convert -O qcow2 OLD NEW`";
const FLATTEN = "make one that stands alone: `qemu-img convert -O qcow2 OLD NEW`";
const DECRYPT = "decrypt it with `qemu-img convert` and its `--object secret,...` first";

function checkFeatures(header: Buffer, refuse: (why: string, ...hints: string[]) => void): void {
  if (header.length < AT.headerLength + 4) refuse("it is cut short");
  const features = header.readBigUInt64BE(AT.incompatible);
  if (features & CORRUPT) refuse("it is marked as corrupt", "repair it: `qemu-img check -r all FILE`");
  if (features & EXTERNAL_DATA || extensions(header).includes(DATA_FILE)) {
    refuse("it keeps its content in another file (an external data file)", FLATTEN);
  }
}

/** The types of the header's extensions. */
function extensions(header: Buffer): number[] {
  const types: number[] = [];
  for (let at = header.readUInt32BE(AT.headerLength); at + 8 <= header.length; ) {
    const type = header.readUInt32BE(at);
    if (type === END) break;
    types.push(type);
    at += 8 + Math.ceil(header.readUInt32BE(at + 4) / 8) * 8;
  }
  return types;
}
