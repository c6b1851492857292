import { BothyError } from "../../errors.ts";
import {
  BLOCK,
  emptyFile,
  extendedHeader,
  type Header,
  padding,
  type Records,
  readHeader,
  readRecords,
} from "./tar-header.ts";

const OVERLAY = "SCHILY.xattr.user.overlay.";
const OPAQUE = `${OVERLAY}opaque`;
const WHITEOUT = ".wh.";
const OPAQUE_WHITEOUT = ".wh..wh..opq";

/**
 * Turns a tar of a layer's tree (pax, by GNU tar) into the tar of an image's layer: what overlayfs marks by devices 0:0
 * and attributes is marked by names (image-spec, layer.md, "Whiteouts"). Everything else passes unchanged.
 * @throws BothyError `EXPORT_FAILED` naming a file that has a mark for a name; a cut archive is one too.
 */
export async function* imageLayer(tar: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = new Blocks(tar);
  let extended: Buffer | undefined;
  for (;;) {
    const bytes = await source.take(BLOCK);
    if (bytes.every((byte) => byte === 0)) break;
    if (bytes[156] === EXTENDED) {
      extended = await source.take(padded(readHeader(bytes, new Map()).size));
      extended = Buffer.concat([bytes, extended]);
      continue;
    }
    const records = extended ? recordsOf(extended) : new Map<string, Buffer>();
    const header = readHeader(bytes, records);
    yield* entry(header, records, extended);
    yield* source.pass(padded(header.size));
    extended = undefined;
  }
  yield Buffer.alloc(2 * BLOCK);
  await source.drain();
}

const EXTENDED = "x".charCodeAt(0);
const SLASH = 0x2f;

function recordsOf(extended: Buffer): Map<string, Buffer> {
  const { size } = readHeader(extended.subarray(0, BLOCK), new Map());
  return readRecords(extended.subarray(BLOCK, BLOCK + size));
}

/** A header with what belongs before and after it. */
function* entry(header: Header, records: Records, extended: Buffer | undefined): Generator<Buffer> {
  const [folder, name] = split(header.path);
  if (isWhiteout(header)) {
    yield emptyFile(Buffer.concat([folder, Buffer.from(WHITEOUT), name]), header);
    return;
  }
  if (name.toString("latin1").startsWith(WHITEOUT)) throw reserved(header.path);
  const kept = new Map([...records].filter(([key]) => !key.startsWith(OVERLAY)));
  if (kept.size === records.size) yield extended ?? Buffer.alloc(0);
  else yield extendedHeader(kept, extended?.subarray(0, BLOCK) ?? header.bytes);
  yield header.bytes;
  if (header.type !== "5" || records.get(OPAQUE)?.toString() !== "y") return;
  yield emptyFile(Buffer.concat([withSlash(header.path), Buffer.from(OPAQUE_WHITEOUT)]), header);
}

/** A character device with the numbers 0 and 0. */
function isWhiteout({ type, bytes }: Header): boolean {
  return type === "3" && /^[0\0 ]*$/.test(bytes.toString("latin1", 329, 345));
}

/** The folder with its slash, and the last part of the name. */
function split(path: Buffer): [Buffer, Buffer] {
  const end = path.at(-1) === SLASH ? path.length - 1 : path.length;
  const slash = path.subarray(0, end).lastIndexOf(SLASH);
  return [path.subarray(0, slash + 1), path.subarray(slash + 1, end)];
}

function withSlash(path: Buffer): Buffer {
  return path.at(-1) === SLASH ? path : Buffer.concat([path, Buffer.from("/")]);
}

function padded(size: number): number {
  return size + padding(size).length;
}

function reserved(path: Buffer): BothyError {
  return new BothyError(
    "EXPORT_FAILED",
    `\`${path}\` has a name that means a deleted file in image layers: it cannot be exported so`,
    { hints: ["`bothy box export BOX --format rootfs` has room for it"] },
  );
}

/** Reads a stream in pieces of known length. */
class Blocks {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.pass(length)) chunks.push(chunk);
    return chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
  }

  async *pass(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0; ) {
      if (this.#rest.length === 0) this.#rest = await this.#next();
      const chunk = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(chunk.length);
      left -= chunk.length;
      yield chunk;
    }
  }

  async drain(): Promise<void> {
    while (!(await this.#source.next()).done);
  }

  async #next(): Promise<Buffer> {
    const { value, done } = await this.#source.next();
    if (!done) return value;
    throw new BothyError("EXPORT_FAILED", "the archive of a layer ended in the middle of an entry");
  }
}
