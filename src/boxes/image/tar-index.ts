import type { FileHandle } from "node:fs/promises";
import { posix } from "node:path";
import { type Header, normalise, parseHeader, parsePax, refused, text } from "./tar-header.ts";

/** Where a file's bytes lie in a tar archive. */
export interface TarMember {
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Bytes that can be read anywhere. */
export interface Bytes {
  readonly size: number;
  /** Fewer than `length` only at the end. */
  readAt(position: number, length: number): Promise<Buffer>;
}

const BLOCK = 512;
/** An image of 127 layers has some hundred; a file system that somebody calls an image has more. */
const MOST_MEMBERS = 100_000;
/** A pax or long-name record of more is no image's. */
const MOST_RECORD_BYTES = 1 << 20;
const MOST_LINKS = 8;
const FILES = ["0", "\0", "7"];
/** Links, devices, folders and pipes have no content, even where old writers give them a size. */
const BARE = ["1", "2", "3", "4", "5", "6"];
/** pax, pax for all, GNU's long link and name, old pax, a volume's label. */
const RECORDS = ["x", "g", "K", "L", "X", "V"];

/**
 * The files of an uncompressed tar archive by name, links followed, without reading what they hold. Names are only ever
 * looked up, so nothing in them can do harm; of a repeated one the last counts. A cut-off archive has the files that
 * are whole. POSIX ustar and pax, GNU long names, base-256 sizes.
 * @throws BothyError `ARCHIVE_REFUSED` for what is no tar archive.
 */
export async function indexTar(bytes: Bytes, title: string): Promise<Map<string, TarMember>> {
  const files = new Map<string, TarMember>();
  const links = new Map<string, string>();
  let count = 0;
  for await (const { header, offset } of headersOf(bytes, title)) {
    if (++count > MOST_MEMBERS) throw refused(title, `it has more than ${MOST_MEMBERS} entries`);
    const name = normalise(header.name);
    if (header.type === "2") links.set(name, normalise(posix.join(posix.dirname(name), header.link)));
    else if (header.type === "1") links.set(name, normalise(header.link));
    else if (FILES.includes(header.type) && offset + header.sizeBytes <= bytes.size) {
      files.set(name, { offset, sizeBytes: header.sizeBytes });
    }
  }
  addLinks(files, links);
  return files;
}

/** The bytes of an open file. */
export async function bytesOfFile(file: FileHandle): Promise<Bytes> {
  const { size } = await file.stat();
  const readAt = async (position: number, length: number) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  };
  return { size, readAt };
}

/** The name of the first member that is no folder, as far as these first bytes of an archive tell. */
export async function firstFileName(head: Buffer): Promise<string | undefined> {
  const readAt = async (position: number, length: number) => head.subarray(position, position + length);
  for await (const { header } of headersOf({ size: head.length, readAt }, "the archive")) {
    if (header.type !== "5") return normalise(header.name);
  }
  return undefined;
}

async function* headersOf(bytes: Bytes, title: string): AsyncGenerator<{ header: Header; offset: number }> {
  let special: Partial<Header> = {};
  for (let at = 0; at + BLOCK <= bytes.size; ) {
    const block = await bytes.readAt(at, BLOCK);
    if (block.every((byte) => byte === 0)) return;
    const header = { ...parseHeader(block, title), ...special };
    const offset = at + BLOCK;
    const contentBytes = BARE.includes(header.type) ? 0 : header.sizeBytes;
    at = offset + Math.ceil(contentBytes / BLOCK) * BLOCK;
    const more = await specialOf(bytes, header, offset, title);
    if (!more) yield { header, offset };
    special = more ? { ...special, ...more } : {};
  }
}

/** What a record says of the member after it; `undefined` for a member. */
async function specialOf(
  bytes: Bytes,
  { type, sizeBytes }: Header,
  offset: number,
  title: string,
): Promise<Partial<Header> | undefined> {
  if (!RECORDS.includes(type)) return undefined;
  if (sizeBytes > MOST_RECORD_BYTES) throw refused(title, "one of its headers is longer than 1 MiB");
  const content = await bytes.readAt(offset, sizeBytes);
  if (type === "L") return { name: text(content) };
  if (type === "K") return { link: text(content) };
  return type.toLowerCase() === "x" ? parsePax(content) : {};
}

/** Old `docker save` stores a layer that several images share once, and links to it. */
function addLinks(files: Map<string, TarMember>, links: ReadonlyMap<string, string>): void {
  for (const [name, first] of links) {
    let target = first;
    for (let hop = 0; hop < MOST_LINKS && !files.has(target); hop++) target = links.get(target) ?? target;
    const member = files.get(target);
    if (member && !files.has(name)) files.set(name, member);
  }
}
