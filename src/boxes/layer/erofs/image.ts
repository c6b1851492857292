import { type FileHandle, open } from "node:fs/promises";

/** Blocks of ours have this size, whatever the host's pages have. */
export const BLOCK = 4096;
export const SUPERBLOCK = 1024;
export const MAGIC = 0xe0f5e1e2;
/** LZ4 data that ends where its block ends: what mkfs.erofs makes for us. */
const ZERO_PADDING = 1;
/** Files with holes. */
const CHUNKS = 4;
const CACHED_BLOCKS = 64;

/**
 * One EROFS file, opened for reading its metadata without mounting it: no root, no loop device, no wait. Reads what
 * our own mkfs.erofs writes (Linux, Documentation/filesystems/erofs.rst and fs/erofs/erofs_fs.h).
 */
export class ErofsImage implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #blocks = new Map<number, Buffer>();
  readonly rootNid: number;
  /** Bytes before the inodes. */
  readonly metaStart: number;
  /** Bytes before the shared extended attributes. */
  readonly xattrStart: number;
  /** What inodes in the small form have as their time. */
  readonly builtAt: { readonly seconds: number; readonly nanoseconds: number };

  private constructor(file: FileHandle, superblock: Buffer) {
    this.#file = file;
    this.rootNid = superblock.readUInt16LE(14);
    this.metaStart = superblock.readUInt32LE(40) * BLOCK;
    this.xattrStart = superblock.readUInt32LE(44) * BLOCK;
    this.builtAt = {
      seconds: Number(superblock.readBigUInt64LE(24)),
      nanoseconds: superblock.readUInt32LE(32),
    };
  }

  /** @throws Error when the file is no EROFS, or one with features that our layers do not have. */
  static async open(path: string): Promise<ErofsImage> {
    const file = await open(path, "r");
    try {
      const superblock = Buffer.alloc(128);
      await file.read(superblock, 0, superblock.length, SUPERBLOCK);
      if (superblock.readUInt32LE(0) !== MAGIC) throw new Error(`${path} is no EROFS image`);
      const features = superblock.readUInt32LE(80);
      if (superblock[12] !== 12 || (features & ~(ZERO_PADDING | CHUNKS)) !== 0) {
        throw new Error(
          `${path} is an EROFS image with features (${features}) that bothy's layers do not have`,
        );
      }
      return new ErofsImage(file, superblock);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Bytes from anywhere in the file. */
  async read(offset: number, length: number): Promise<Buffer> {
    const first = Math.floor(offset / BLOCK);
    const last = Math.floor((offset + Math.max(length, 1) - 1) / BLOCK);
    const pieces: Buffer[] = [];
    for (let number = first; number <= last; number++) pieces.push(await this.#block(number));
    const whole = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
    const start = offset - first * BLOCK;
    const bytes = whole.subarray(start, start + length);
    if (bytes.length < length) throw new Error("an EROFS image ends before what it tells of");
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #block(number: number): Promise<Buffer> {
    const known = this.#blocks.get(number);
    if (known) return known;
    const block = Buffer.alloc(BLOCK);
    const { bytesRead } = await this.#file.read(block, 0, BLOCK, number * BLOCK);
    const oldest = this.#blocks.size < CACHED_BLOCKS ? undefined : this.#blocks.keys().next().value;
    if (oldest !== undefined) this.#blocks.delete(oldest);
    this.#blocks.set(number, block.subarray(0, bytesRead));
    return block.subarray(0, bytesRead);
  }
}
