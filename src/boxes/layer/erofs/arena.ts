import { BLOCK } from "./image.ts";
import type { Output } from "./output.ts";

/** Inodes lie at multiples of this, and are numbered so. */
export const NID_BYTES = 32;
/** So many blocks are filled at once: the more, the better things fit. */
const ARENA_BLOCKS = 16;

/** The blocks that inodes and the small ends of files share; they are written in one piece when they are full. */
export class Arena {
  readonly #output: Output;
  /** Free bytes of each block. */
  #free: number[] = [];
  readonly #bytes = Buffer.alloc(ARENA_BLOCKS * BLOCK);
  /** Where they go in the file. */
  #start = Number.POSITIVE_INFINITY;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Where so many bytes fit best; `undefined` when they fit nowhere. */
  room(length: number): number | undefined {
    let best = -1;
    for (let index = 0; index < this.#free.length; index++) {
      const free = this.#free[index] ?? 0;
      if (free >= length && (best < 0 || free < (this.#free[best] ?? 0))) best = index;
    }
    if (best < 0) return undefined;
    const free = this.#free[best] ?? 0;
    this.#free[best] = Math.max(0, free - Math.ceil(length / NID_BYTES) * NID_BYTES);
    return this.#start + (best + 1) * BLOCK - free;
  }

  /** Room in a new arena; what is larger than a block gets blocks of its own. */
  async newRoom(length: number): Promise<number> {
    const position = this.#output.end;
    if (length > BLOCK) {
      await this.#output.appendZeros(Math.ceil(length / BLOCK) * BLOCK);
      return position;
    }
    await this.close();
    await this.#output.append(this.#bytes); // its place
    this.#start = position;
    this.#free = Array.from({ length: ARENA_BLOCKS }, () => BLOCK);
    return this.room(length) ?? position;
  }

  /** An inode does not cross the arena's ends. */
  put(position: number, bytes: Buffer): Promise<void> | undefined {
    const inArena = position - this.#start;
    if (!(inArena >= 0 && inArena < this.#bytes.length)) return this.#output.put(position, bytes);
    bytes.copy(this.#bytes, inArena);
    return undefined;
  }

  async close(): Promise<void> {
    if (Number.isFinite(this.#start)) await this.#output.put(this.#start, this.#bytes);
    this.#bytes.fill(0);
    this.#start = Number.POSITIVE_INFINITY;
  }
}
