import { Refusal } from "../refusal.ts";

/** Everything in a tar comes in blocks of this many bytes. */
export const TAR_BLOCK = 512;

/** One 512-byte header as it stands, before extensions are applied. Names have one character a byte. */
export interface TarHeader {
  readonly name: string;
  readonly flag: string;
  readonly link: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly major: number;
  readonly minor: number;
  readonly block: Buffer;
}

/** Where the fields of a header are: offset and length. ustar (POSIX.1-1988) and GNU's variant of it. */
const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  link: [157, 100],
  major: [329, 8],
  minor: [337, 8],
  prefix: [345, 155],
} as const satisfies Record<string, readonly [offset: number, length: number]>;

/** Whether the block is one of the two that end an archive. */
export function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

/**
 * Reads a header.
 * @throws Refusal when its checksum or one of its numbers is wrong.
 */
export function readHeader(block: Buffer): TarHeader {
  if (!isSumRight(block)) throw new Refusal("is no tar, or is damaged: a header's checksum is wrong");
  const isUstar = block.toString("latin1", 257, 263) === "ustar\0";
  const isGnu = block.toString("latin1", 257, 265) === "ustar  \0";
  const prefix = isUstar ? text(block, FIELD.prefix) : "";
  const short = text(block, FIELD.name);
  const name = prefix ? `${prefix}/${short}` : short;
  const number = (field: readonly [number, number]) => readNumber(block, field, name);
  return {
    name,
    flag: String.fromCharCode(block[156] ?? 0),
    link: text(block, FIELD.link),
    mode: number(FIELD.mode),
    uid: number(FIELD.uid),
    gid: number(FIELD.gid),
    size: number(FIELD.size),
    mtime: number(FIELD.mtime),
    major: isUstar || isGnu ? number(FIELD.major) : 0,
    minor: isUstar || isGnu ? number(FIELD.minor) : 0,
    block,
  };
}

/** The number in a field: octal digits, or GNU's two's complement in base 256 when the highest bit is set. */
export function readNumber(
  block: Buffer,
  [offset, length]: readonly [number, number],
  entry: string,
): number {
  const bytes = block.subarray(offset, offset + length);
  if ((bytes[0] ?? 0) & 0x80) return readBase256(bytes, entry);
  const value = readOctal(bytes);
  if (value === undefined) throw new Refusal("has a header with a number that is none", entry);
  return value;
}

/** Digits between spaces and NULs; none are 0. Read byte by byte: it happens eight times an entry. */
function readOctal(bytes: Buffer): number | undefined {
  let at = 0;
  while (at < bytes.length && isBlank(bytes[at])) at++;
  let value = 0;
  for (; at < bytes.length && !isBlank(bytes[at]); at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) return undefined;
    value = value * 8 + digit;
  }
  return value;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0;
}

function readBase256(bytes: Buffer, entry: string): number {
  const isNegative = ((bytes[0] ?? 0) & 0x40) !== 0;
  let value = BigInt(`0x${bytes.toString("hex")}`) & ((1n << BigInt(bytes.length * 8 - 1)) - 1n);
  if (isNegative) value -= 1n << BigInt(bytes.length * 8 - 1);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Refusal("has a header with an absurd number", entry);
  return number;
}

/** Old tars summed signed bytes. */
function isSumRight(block: Buffer): boolean {
  const [offset, length] = FIELD.checksum;
  const sum = readOctal(block.subarray(offset, offset + length));
  let unsigned = 0;
  let above = 0;
  for (let index = 0; index < TAR_BLOCK; index++) {
    const byte = index >= offset && index < offset + length ? 0x20 : (block[index] ?? 0);
    unsigned += byte;
    above += byte >> 7;
  }
  return sum === unsigned || sum === unsigned - above * 0x100;
}

function text(block: Buffer, [offset, length]: readonly [number, number]): string {
  const end = block.indexOf(0, offset);
  return block.toString("latin1", offset, end < 0 ? offset + length : Math.min(end, offset + length));
}
