import { writeUuid } from "../../superblock.ts";
import type { Attributes } from "../tar/attributes.ts";
import type { Extent } from "../tar/sparse.ts";
import { chunkBitsFor, writeChunks } from "./chunks.ts";
import { BLOCK, MAGIC, SUPERBLOCK } from "./image.ts";
import { deviceNumber, type InodeFields, inodeBytes, LAYOUT, LINKS_AT } from "./inode-bytes.ts";
import { Output } from "./output.ts";

/** Gives the next piece of a file's data; `undefined` at its end. */
export type Pieces = () => Buffer | undefined | Promise<Buffer | undefined>;

/** Inodes and the small ends of files share blocks; so many of them are filled at once. */
const ARENA_BLOCKS = 16;
const NID_BYTES = 32;
const SUPERBLOCK_BYTES = 128;
/** Its number has 16 bits only: it lies right after the superblock. */
export const ROOT_NID = (SUPERBLOCK + SUPERBLOCK_BYTES) / NID_BYTES;
const FEATURES = { checksum: 1, mtime: 2, chunks: 4 } as const;

/**
 * Writes an EROFS image while its files come, in one pass and without a tree on disk: data goes to the end, inodes with
 * the last part of a file into shared blocks, directories at last. Equal calls give equal bytes. The data is not
 * compressed.
 */
export class ErofsWriter implements AsyncDisposable {
  readonly #output: Output;
  /** Free bytes of the arena's blocks. */
  #free: number[] = [];
  #arena = 0;
  #inodes = 0;
  #hasChunks = false;

  private constructor(output: Output) {
    this.#output = output;
  }

  static async create(path: string): Promise<ErofsWriter> {
    const writer = new ErofsWriter(await Output.create(path));
    await writer.#output.appendZeros(BLOCK);
    return writer;
  }

  /** Writes a file of exactly `size` bytes and returns its number. */
  async file(attributes: Attributes, size: number, pieces: Pieces): Promise<number> {
    const start = this.#output.end / BLOCK;
    const tail = await this.#appendBlocks(pieces);
    const fields = { type: "file", attributes, size, links: 1, start: size < BLOCK ? 0 : start } as const;
    return this.withTail(fields, tail);
  }

  /** Writes a file that has data at some places only. */
  async sparseFile(
    attributes: Attributes,
    size: number,
    extents: readonly Extent[],
    pieces: Pieces,
  ): Promise<number> {
    const bits = chunkBitsFor(size);
    const map = await writeChunks(this.#output, size, bits, extents, pieces);
    this.#hasChunks = true;
    const inode = inodeBytes({
      type: "file",
      attributes,
      layout: LAYOUT.chunks,
      size,
      start: bits,
      links: 1,
    });
    return this.#place(inode, map);
  }

  async symlink(attributes: Attributes, target: string): Promise<number> {
    const bytes = Buffer.from(target, "latin1");
    const fields = { type: "symlink", attributes, size: bytes.length, links: 1, start: 0 } as const;
    return this.withTail(fields, bytes);
  }

  async special(
    attributes: Attributes,
    type: "character" | "block" | "fifo",
    { major, minor }: { readonly major: number; readonly minor: number },
  ): Promise<number> {
    const start = deviceNumber(major, minor);
    return this.#place(inodeBytes({ type, attributes, layout: LAYOUT.plain, size: 0, start, links: 1 }));
  }

  /** An inode with the end of its data after it, in one block; where that does not fit, the end gets its own block. */
  async withTail(fields: Omit<InodeFields, "layout">, tail: Buffer): Promise<number> {
    if (tail.length === 0) return this.#place(inodeBytes({ ...fields, layout: LAYOUT.plain }));
    const inode = inodeBytes({ ...fields, layout: LAYOUT.inline });
    if (inode.length + tail.length <= BLOCK) return this.#place(inode, tail);
    const start = fields.size < BLOCK ? this.#output.end / BLOCK : fields.start;
    await this.#output.append(tail); // right after the blocks before it
    await this.#output.align();
    return this.#place(inodeBytes({ ...fields, start, layout: LAYOUT.plain }));
  }

  /** Appends blocks of data and returns the address of the first. */
  async blocks(data: Buffer): Promise<number> {
    const start = this.#output.end / BLOCK;
    await this.#output.append(data);
    await this.#output.align();
    return start;
  }

  /** Room for an inode that is written later, in one block where it can be. */
  async reserve(length: number): Promise<number> {
    return (this.#roomInArena(length) ?? (await this.#newRoom(length))) / NID_BYTES;
  }

  async put(nid: number, bytes: Buffer): Promise<void> {
    this.#inodes++;
    await this.#output.put(nid * NID_BYTES, bytes);
  }

  /** How many names a file has. */
  async setLinks(nid: number, links: number): Promise<void> {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(links);
    await this.#output.put(nid * NID_BYTES + LINKS_AT, bytes);
  }

  /** Writes the superblock; the file is whole and on disk then. */
  async finish(uuid: Uint8Array): Promise<void> {
    await this.#output.align();
    const block = Buffer.alloc(SUPERBLOCK_BYTES);
    block.writeUInt32LE(MAGIC, 0);
    block.writeUInt32LE(FEATURES.checksum | FEATURES.mtime, 8);
    block.writeUInt8(12, 12); // blocks of 4096 bytes
    block.writeUInt16LE(ROOT_NID, 14);
    block.writeBigUInt64LE(BigInt(this.#inodes), 16);
    block.writeUInt32LE(this.#output.end / BLOCK, 36);
    block.writeUInt32LE(this.#hasChunks ? FEATURES.chunks : 0, 80);
    await this.#output.put(SUPERBLOCK, block);
    await this.#output.sync();
    await writeUuid(this.#output.handle, uuid);
    await this.#output.handle.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#output[Symbol.asyncDispose]();
  }

  /** Whole blocks go to the file; what is left over is returned. */
  async #appendBlocks(pieces: Pieces): Promise<Buffer> {
    let tail: Buffer = Buffer.alloc(0);
    for (let piece = await pieces(); piece; piece = await pieces()) {
      const bytes = tail.length === 0 ? piece : Buffer.concat([tail, piece]);
      const whole = bytes.length - (bytes.length % BLOCK);
      if (whole > 0) await this.#output.append(bytes.subarray(0, whole));
      tail = bytes.subarray(whole);
    }
    return tail;
  }

  async #place(inode: Buffer, after?: Buffer): Promise<number> {
    const length = inode.length + (after?.length ?? 0);
    const position = this.#roomInArena(length) ?? (await this.#newRoom(length));
    this.#inodes++;
    await this.#output.put(position, inode);
    if (after) await this.#output.put(position + inode.length, after);
    return position / NID_BYTES;
  }

  /** Where so many bytes fit best; `undefined` when they fit nowhere. */
  #roomInArena(length: number): number | undefined {
    let best = -1;
    for (let index = 0; index < this.#free.length; index++) {
      const free = this.#free[index] ?? 0;
      if (free >= length && (best < 0 || free < (this.#free[best] ?? 0))) best = index;
    }
    if (best < 0) return undefined;
    const free = this.#free[best] ?? 0;
    this.#free[best] = Math.max(0, free - Math.ceil(length / NID_BYTES) * NID_BYTES);
    return this.#arena + (best + 1) * BLOCK - free;
  }

  /** Room in a new arena; what is larger than a block gets blocks of its own. */
  async #newRoom(length: number): Promise<number> {
    const position = this.#output.end;
    await this.#output.appendZeros(length > BLOCK ? Math.ceil(length / BLOCK) * BLOCK : ARENA_BLOCKS * BLOCK);
    if (length > BLOCK) return position;
    this.#arena = position;
    this.#free = Array.from({ length: ARENA_BLOCKS }, () => BLOCK);
    return this.#roomInArena(length) ?? position;
  }
}
