/** Headers of tar archives in the pax format (POSIX.1-2001), as GNU tar writes them. Values stay bytes. */

export const BLOCK = 512;

/** What a header says that we look at. */
export interface Header {
  /** The bytes of it. */
  readonly bytes: Buffer;
  readonly type: string;
  readonly path: Buffer;
  readonly size: number;
}

/** An extended attribute or an overlong value: `SCHILY.xattr.user.x=...`, `path=...`. */
export type Records = ReadonlyMap<string, Buffer>;

const TYPE = 156;
const [NAME, SIZE, MTIME, CHECKSUM, PREFIX] = [
  [0, 100],
  [124, 12],
  [136, 12],
  [148, 8],
  [345, 155],
] as const;

/** Reads a header block; values of the extended header before it win. */
export function readHeader(bytes: Buffer, records: Records): Header {
  const prefix = text(field(bytes, PREFIX));
  const name = text(field(bytes, NAME));
  const path = records.get("path") ?? (prefix.length > 0 ? Buffer.concat([prefix, SLASH, name]) : name);
  const size = records.get("size");
  return {
    bytes,
    type: String.fromCharCode(bytes[TYPE] ?? 0),
    path,
    size: size ? Number(size.toString()) : readNumber(field(bytes, SIZE)),
  };
}

/** The records of an extended header. */
export function readRecords(content: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let offset = 0; offset < content.length; ) {
    const blank = content.indexOf(0x20, offset);
    const length = Number(content.toString("latin1", offset, blank));
    if (blank < 0 || !(length > 0)) break;
    const record = content.subarray(blank + 1, offset + length - 1);
    const equals = record.indexOf(0x3d);
    records.set(record.toString("utf8", 0, equals), record.subarray(equals + 1));
    offset += length;
  }
  return records;
}

/** An extended header with these records for the entry that follows. `like` gives its name; none for no records. */
export function extendedHeader(records: Records, like: Buffer): Buffer {
  if (records.size === 0) return Buffer.alloc(0);
  const content = Buffer.concat([...records].map(([key, value]) => writeRecord(key, value)));
  const header = Buffer.from(like);
  header.write("x", TYPE, "latin1");
  writeNumber(header, SIZE, content.length);
  return Buffer.concat([sealed(header), content, padding(content.length)]);
}

/** An empty regular file with the owner, mode and time of the entry `like`; no attributes. */
export function emptyFile(path: Buffer, like: Header): Buffer {
  const header = Buffer.from(like.bytes);
  header.fill(0, 157, 257); // what a link points to
  header.fill(0, 329, 345); // a device's numbers
  header.fill(0, ...range(NAME)).fill(0, ...range(PREFIX));
  path.copy(header, 0, 0, Math.min(path.length, NAME[1]));
  header.write("0", TYPE, "latin1");
  header.write("0000644\0", 100, "latin1");
  writeNumber(header, SIZE, 0);
  const records = new Map(path.length > NAME[1] ? [["path", path]] : []);
  return Buffer.concat([extendedHeader(records, header), sealed(header)]);
}

/** What fills the last block of a content of that size. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** A plain header: a file or folder of root's, mtime 0. */
export function plainHeader(path: string, size: number, mode = 0o644): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(path, 0, "utf8");
  header.write(`${mode.toString(8).padStart(7, "0")}\0`, 100, "latin1");
  for (const offset of [108, 116]) header.write("0000000\0", offset, "latin1");
  writeNumber(header, SIZE, size);
  writeNumber(header, MTIME, 0);
  header.write(path.endsWith("/") ? "5" : "0", TYPE, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  return sealed(header);
}

const SLASH = Buffer.from("/");

type Field = readonly [offset: number, length: number];

function range([offset, length]: Field): [number, number] {
  return [offset, offset + length];
}

function field(bytes: Buffer, place: Field): Buffer {
  return bytes.subarray(...range(place));
}

function text(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** Octal digits, or GNU's base 256 for what they have no room for. */
function readNumber(bytes: Buffer): number {
  if (((bytes[0] ?? 0) & 0x80) === 0) return Number.parseInt(text(bytes).toString("latin1").trim() || "0", 8);
  return Number(bytes.readBigUInt64BE(bytes.length - 8));
}

function writeNumber(header: Buffer, place: Field, value: number): void {
  const digits = value.toString(8).padStart(place[1] - 1, "0");
  if (digits.length < place[1]) {
    header.write(`${digits}\0`, place[0], "latin1");
    return;
  }
  header.fill(0, ...range(place));
  header.writeUInt8(0x80, place[0]);
  header.writeBigUInt64BE(BigInt(value), place[0] + place[1] - 8);
}

/** The length of a record counts its own digits. */
function writeRecord(key: string, value: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from("\n")]);
  let length = body.length + 1;
  while (String(length).length + body.length > length) length++;
  return Buffer.concat([Buffer.from(String(length)), body]);
}

function sealed(header: Buffer): Buffer {
  header.write("        ", CHECKSUM[0], "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, CHECKSUM[0], "latin1");
  return header;
}
