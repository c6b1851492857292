import { writeUuid } from "../../superblock.ts";
import type { Attributes } from "../tar/attributes.ts";
import type { Extent } from "../tar/sparse.ts";
import { Arena, NID_BYTES } from "./arena.ts";
import { chunkBitsFor, writeChunks } from "./chunks.ts";
import { BLOCK, MAGIC, SUPERBLOCK } from "./image.ts";
import { deviceNumber, type InodeFields, inodeBytes, LAYOUT, LINKS_AT } from "./inode-bytes.ts";
import { Output } from "./output.ts";

/** Gives the next piece of a file's data; `undefined` at its end. */
export type Pieces = () => Buffer | undefined | Promise<Buffer | undefined>;

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
  readonly #arena: Arena;
  #inodes = 0;
  #hasChunks = false;

  private constructor(output: Output) {
    this.#output = output;
    this.#arena = new Arena(output);
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
    return (this.#arena.room(length) ?? (await this.#arena.newRoom(length))) / NID_BYTES;
  }

  async put(nid: number, bytes: Buffer): Promise<void> {
    this.#inodes++;
    await this.#arena.put(nid * NID_BYTES, bytes);
  }

  /** How many names a file has. */
  async setLinks(nid: number, links: number): Promise<void> {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(links);
    await this.#arena.put(nid * NID_BYTES + LINKS_AT, bytes);
  }

  /** Writes the superblock; the file is whole and on disk then. */
  async finish(uuid: Uint8Array): Promise<void> {
    await this.#arena.close();
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
    const position = this.#arena.room(length) ?? (await this.#arena.newRoom(length));
    this.#inodes++;
    await this.#arena.put(position, inode);
    if (after) await this.#arena.put(position + inode.length, after);
    return position / NID_BYTES;
  }
}
