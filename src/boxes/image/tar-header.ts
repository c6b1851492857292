import { posix } from "node:path";
import { BothyError } from "../../errors.ts";

/** What a header says, and what the records before it said of the same member. */
export interface Header {
  readonly type: string;
  readonly name: string;
  readonly link: string;
  readonly sizeBytes: number;
}

/** `./a//b/` is `a/b`. */
export function normalise(name: string): string {
  return posix.normalize(name).replace(/^(?:\.?\/)+|\/+$/g, "");
}

/** @throws BothyError `ARCHIVE_REFUSED` when the block is no header of a tar archive. */
export function parseHeader(block: Buffer, title: string): Header {
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  const sizeBytes = numberAt(block, 124, 12);
  if (numberAt(block, 148, 8) !== sum || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
    throw refused(title, "it is no tar archive, or damaged");
  }
  const prefix = block.toString("latin1", 257, 263) === "ustar\0" ? text(block.subarray(345, 500)) : "";
  const name = text(block.subarray(0, 100));
  return {
    type: block.toString("latin1", 156, 157),
    name: prefix ? `${prefix}/${name}` : name,
    link: text(block.subarray(157, 257)),
    sizeBytes,
  };
}

/** Records of `LENGTH KEY=VALUE\n`. */
export function parsePax(content: Buffer): Partial<Header> {
  const found: { name?: string; link?: string; sizeBytes?: number } = {};
  for (let at = 0; at < content.length; ) {
    const length = Number.parseInt(content.toString("utf8", at, at + 20), 10);
    if (!(length > 0)) break;
    const [, key, value] = /^\d+ ([^=]+)=([\s\S]*)\n$/.exec(content.toString("utf8", at, at + length)) ?? [];
    if (key === "path" && value !== undefined) found.name = value;
    if (key === "linkpath" && value !== undefined) found.link = value;
    if (key === "size" && /^\d+$/.test(value ?? "")) found.sizeBytes = Number(value);
    at += length;
  }
  return found;
}

/** A text that fills its field or ends with a zero. */
export function text(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? field.length : end);
}

/** The error for what is no archive of images. */
export function refused(title: string, why: string): BothyError {
  return new BothyError("ARCHIVE_REFUSED", `cannot read \`${title}\`: ${why}`, {
    hints: [`file ${title}`, "`docker save`, `skopeo copy ... docker-archive:FILE` write such archives"],
  });
}

/** Octal digits, or GNU's base-256 where the first bit is set. */
function numberAt(block: Buffer, at: number, length: number): number {
  const field = block.subarray(at, at + length);
  const first = field[0] ?? 0;
  if (first & 0x80) return field.subarray(1).reduce((value, byte) => value * 256 + byte, first & 0x7f);
  const digits = text(field).trim();
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}
