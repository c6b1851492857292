import { Refusal } from "../refusal.ts";
import { type Attributes, type EntryType, readAttributes } from "./attributes.ts";
import type { ByteSource } from "./byte-source.ts";
import { isZero, readHeader, TAR_BLOCK, type TarHeader } from "./header.ts";
import { MOST_PAX_BYTES, type PaxRecords, paxNumber, paxText, readPax } from "./pax.ts";
import { type Extent, readOldSparse, readPaxSparse, type Sparse } from "./sparse.ts";

/** One entry of a tar as its writer meant it. Names have one character a byte and are not checked yet. */
export interface TarEntry {
  readonly attributes: Attributes;
  readonly name: string;
  readonly type: EntryType;
  /** Where links go. */
  readonly link: string;
  readonly major: number;
  readonly minor: number;
  /** Of a file with its holes. */
  readonly size: number;
  /** How many bytes of data follow in the archive. */
  readonly storedBytes: number;
  /** Where the data goes, in a file with holes. */
  readonly extents?: readonly Extent[] | undefined;
}

/** What comes before an entry and is about it. */
interface Extensions {
  pax: PaxRecords;
  longName?: string;
  longLink?: string;
}

const TYPES: Readonly<Record<string, EntryType>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  S: "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
};

/** What tells of the entries after it: pax headers, and GNU's long names. */
const EXTENDS = new Set(["x", "g", "L", "K"]);

/** Nothing meant for all entries can name or measure one of them. */
const NEVER_GLOBAL = /^(?:path|linkpath|size|GNU\.sparse\..*)$/;

/**
 * Reads a tar, strictly: ustar, pax with its global headers, GNU's long names, base-256 numbers and four ways to tell
 * holes, and what came before ustar. Whatever it does not know is refused, for another reader may see something else.
 */
export class TarReader {
  readonly #source: ByteSource;
  #global: PaxRecords = [];
  #unreadBytes = 0;
  #paddingBytes = 0;
  /** Whether the archive had its end mark. */
  hasEnd = false;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** The next entry; what was not read of the last one's data is passed over. */
  async next(): Promise<TarEntry | undefined> {
    await this.#source.skip(this.#unreadBytes + this.#paddingBytes); // to the next header
    this.#unreadBytes = this.#paddingBytes = 0;
    const extensions: Extensions = { pax: [] };
    for (;;) {
      const header = await this.#header();
      if (!header) {
        if (extensions.pax.length > 0 || extensions.longName)
          throw new Refusal("ends after an extended header");
        return undefined;
      }
      if (!EXTENDS.has(header.flag)) return this.#entry(header, extensions);
      await this.#extend(header, extensions);
    }
  }

  /** The next piece of the last entry's data; `undefined` after the last. */
  piece(): Buffer | undefined | Promise<Buffer | undefined> {
    if (this.#unreadBytes === 0) return undefined;
    const piece = this.#source.some(this.#unreadBytes);
    return piece instanceof Promise ? piece.then((bytes) => this.#counted(bytes)) : this.#counted(piece);
  }

  #counted(piece: Buffer | undefined): Buffer {
    if (!piece) throw new Refusal("ends in the middle: the archive is truncated");
    this.#unreadBytes -= piece.length;
    return piece;
  }

  async #header(): Promise<TarHeader | undefined> {
    const block = await this.#source.exactly(TAR_BLOCK);
    if (!block) return undefined;
    if (!isZero(block)) return readHeader(block);
    const second = await this.#source.exactly(TAR_BLOCK);
    if (second && !isZero(second)) throw new Refusal("is damaged: there are entries after a zero block");
    this.hasEnd = true;
    return undefined;
  }

  /** Keeps what an extended header says. */
  async #extend(header: TarHeader, extensions: Extensions): Promise<void> {
    const { flag } = header;
    const body = await this.#body(header);
    if (flag === "L") extensions.longName = untilNul(body);
    else if (flag === "K") extensions.longLink = untilNul(body);
    else if (flag === "x") extensions.pax = readPax(body, header.name);
    else this.#addGlobal(readPax(body, header.name), header.name);
  }

  async #body(header: TarHeader): Promise<Buffer> {
    if (header.size < 0 || header.size > MOST_PAX_BYTES) {
      throw new Refusal(`is an extended header of ${header.size} bytes`, header.name);
    }
    const body = await this.#source.exactly(header.size);
    if (!body) throw new Refusal("ends in the middle: the archive is truncated", header.name);
    await this.#source.skip(padding(header.size)); // entries begin at multiples of 512
    return body;
  }

  #addGlobal(records: PaxRecords, entry: string): void {
    const wrong = records.find(([key]) => NEVER_GLOBAL.test(key));
    if (wrong) throw new Refusal(`gives all entries one \`${wrong[0]}\``, entry);
    const kept = this.#global.filter(([key]) => !records.some(([other]) => other === key));
    this.#global = [...kept, ...records];
    if (this.#global.length > 1000) throw new Refusal("has too many global records", entry);
  }

  async #entry(header: TarHeader, { pax, longName, longLink }: Extensions): Promise<TarEntry> {
    const name = paxText(pax, "GNU.sparse.name") ?? paxText(pax, "path") ?? longName ?? header.name;
    const isOldDirectory = (header.flag === "0" || header.flag === "\0") && name.endsWith("/");
    const type = isOldDirectory ? "directory" : TYPES[header.flag];
    if (!type) throw new Refusal(`is of the unknown type \`${header.flag}\``, name);
    // only files have data, whatever the others' headers say: some writers tell the size of a link's target
    const stored = type === "file" ? (paxNumber(pax, "size", name) ?? header.size) : 0;
    if (stored < 0) throw new Refusal(`has ${stored} bytes`, name);
    const sparse = type === "file" ? await this.#sparse(header, pax, stored, name) : undefined;
    this.#unreadBytes = stored - (sparse?.mapBytes ?? 0);
    this.#paddingBytes = padding(stored);
    return {
      attributes: readAttributes(header, this.#global.length > 0 ? [...this.#global, ...pax] : pax, name),
      name,
      type,
      link: paxText(pax, "linkpath") ?? longLink ?? header.link,
      major: header.major,
      minor: header.minor,
      size: sparse?.size ?? stored,
      storedBytes: this.#unreadBytes,
      extents: sparse?.extents,
    };
  }

  #sparse(header: TarHeader, pax: PaxRecords, stored: number, name: string): Promise<Sparse | undefined> {
    if (header.flag === "S") return readOldSparse(header, this.#source, name);
    return readPaxSparse(pax, stored, this.#source, name);
  }
}

function padding(size: number): number {
  return (TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK;
}

function untilNul(body: Buffer): string {
  const end = body.indexOf(0);
  return body.toString("latin1", 0, end < 0 ? body.length : end);
}
