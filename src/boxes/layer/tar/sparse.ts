import { Refusal } from "../refusal.ts";
import type { ByteSource } from "./byte-source.ts";
import { readNumber, TAR_BLOCK, type TarHeader } from "./header.ts";
import { type PaxRecords, paxNumber, paxText, wholeNumber } from "./pax.ts";

/** A part of a file that has data. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** A file with holes: how long it is with them, and where its data is. */
export interface Sparse {
  readonly size: number;
  readonly extents: readonly Extent[];
  /** How many of the entry's bytes the map itself took. */
  readonly mapBytes: number;
}

/** Sixteen bytes each; a file that has more was made to hurt. */
const MOST_EXTENTS = 500_000;

/** The map of GNU's own format: four extents in the header, 21 in each block after it. */
export async function readOldSparse(header: TarHeader, source: ByteSource, entry: string): Promise<Sparse> {
  const extents: Extent[] = [];
  const size = readNumber(header.block, [483, 12], entry);
  addExtents(extents, header.block, 386, 4, entry);
  let hasMore = header.block[482] !== 0;
  while (hasMore) {
    const block = await source.exactly(TAR_BLOCK);
    if (!block) throw new Refusal("ends in the middle: the archive is truncated", entry);
    addExtents(extents, block, 0, 21, entry);
    hasMore = block[504] !== 0;
  }
  return checked({ size, extents, mapBytes: 0 }, header.size, entry);
}

/** The map of the formats 0.0, 0.1 and 1.0, which are pax records; `undefined` when the file has no holes. */
export async function readPaxSparse(
  records: PaxRecords,
  stored: number,
  source: ByteSource,
  entry: string,
): Promise<Sparse | undefined> {
  const size =
    paxNumber(records, "GNU.sparse.realsize", entry) ?? paxNumber(records, "GNU.sparse.size", entry);
  const major = paxText(records, "GNU.sparse.major");
  if (size === undefined) return undefined;
  if (major !== undefined && major !== "0") {
    if (major !== "1") throw new Refusal(`has holes in the unknown format \`${major}\``, entry);
    const map = await readMapInData(source, entry);
    return checked({ size, ...map }, stored - map.mapBytes, entry);
  }
  const extents = paired(numbersOf(records, entry), entry);
  return checked({ size, extents, mapBytes: 0 }, stored, entry);
}

function addExtents(extents: Extent[], block: Buffer, start: number, count: number, entry: string): void {
  for (let index = 0; index < count; index++) {
    const at = start + index * 24;
    if (block[at] === 0) return;
    extents.push({
      offset: readNumber(block, [at, 12], entry),
      length: readNumber(block, [at + 12, 12], entry),
    });
  }
  if (extents.length > MOST_EXTENTS) throw new Refusal("has too many holes", entry);
}

function numbersOf(records: PaxRecords, entry: string): number[] {
  const map = paxText(records, "GNU.sparse.map");
  if (map !== undefined) return map.split(",").map((each) => wholeNumber(each, "map of holes", entry));
  return records
    .filter(([key]) => key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes")
    .map(([key, value]) => wholeNumber(value.toString("latin1"), key, entry));
}

/** Format 1.0: decimal lines before the data, padded to a block; the first tells how many extents follow. */
async function readMapInData(source: ByteSource, entry: string): Promise<Omit<Sparse, "size">> {
  const lines = new MapLines(source, entry);
  const count = await lines.next();
  if (count > MOST_EXTENTS) throw new Refusal("has too many holes", entry);
  const numbers: number[] = [];
  for (let index = 0; index < count * 2; index++) numbers.push(await lines.next());
  return { extents: paired(numbers, entry), mapBytes: lines.readBytes };
}

class MapLines {
  readBytes = 0;
  readonly #source: ByteSource;
  readonly #entry: string;
  #rest = "";

  constructor(source: ByteSource, entry: string) {
    this.#source = source;
    this.#entry = entry;
  }

  async next(): Promise<number> {
    for (let end = this.#rest.indexOf("\n"); ; end = this.#rest.indexOf("\n")) {
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return wholeNumber(line, "map of holes", this.#entry);
      }
      const block = this.#rest.length > 64 ? undefined : await this.#source.exactly(TAR_BLOCK);
      if (!block) throw new Refusal("has a map of holes that is damaged", this.#entry);
      this.readBytes += TAR_BLOCK;
      this.#rest += block.toString("latin1");
    }
  }
}

function paired(numbers: readonly number[], entry: string): Extent[] {
  if (numbers.length % 2 !== 0) throw new Refusal("has a map of holes that is damaged", entry);
  const extents: Extent[] = [];
  for (let index = 0; index < numbers.length; index += 2) {
    extents.push({ offset: numbers[index] ?? 0, length: numbers[index + 1] ?? 0 });
  }
  return extents;
}

function checked(sparse: Sparse, stored: number, entry: string): Sparse {
  let end = 0;
  let data = 0;
  for (const { offset, length } of sparse.extents) {
    if (offset < end || length < 0) throw new Refusal("has a map of holes that is damaged", entry);
    end = offset + length;
    data += length;
  }
  if (end > sparse.size || data !== stored || !Number.isSafeInteger(sparse.size)) {
    throw new Refusal("has a map of holes that is damaged", entry);
  }
  return sparse;
}
