import { Refusal } from "../refusal.ts";

const EMPTY = Buffer.alloc(0);

/** Most reads are answered from what is there, and a promise for each of a hundred thousand files is a lot of memory. */
type Ready<T> = T | Promise<T>;

/** A stream of bytes that is read in pieces of the reader's size. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Buffer>;
  #chunk: Buffer = EMPTY;

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Between 1 and `most` bytes, without a copy; `undefined` at the end. */
  some(most: number): Ready<Buffer | undefined> {
    return this.#chunk.length > 0 ? this.#take(most) : this.#nextOf(most);
  }

  /** Exactly `count` bytes; `undefined` when the stream ends right here. */
  exactly(count: number): Ready<Buffer | undefined> {
    return this.#chunk.length >= count ? this.#take(count) : this.#joined(count);
  }

  /** Lets `count` bytes pass. */
  skip(count: number): Ready<void> {
    if (this.#chunk.length < count) return this.#pass(count);
    this.#take(count);
  }

  async #nextOf(most: number): Promise<Buffer | undefined> {
    return (await this.#more()) ? this.#take(most) : undefined;
  }

  async #joined(count: number): Promise<Buffer | undefined> {
    const pieces: Buffer[] = [];
    for (let missing = count; missing > 0; ) {
      const piece = await this.some(missing);
      if (!piece && missing === count) return undefined;
      if (!piece) throw new Refusal("ends in the middle: the archive is truncated");
      pieces.push(piece);
      missing -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  async #pass(count: number): Promise<void> {
    for (let missing = count; missing > 0; ) {
      const piece = await this.some(missing);
      if (!piece) throw new Refusal("ends in the middle: the archive is truncated");
      missing -= piece.length;
    }
  }

  /** Reads to the end of the stream. */
  async skipRest(most: number): Promise<void> {
    for (let count = 0, piece = await this.some(most); piece; piece = await this.some(most)) {
      count += piece.length;
      if (count > most) throw new Refusal("goes on for too long after its end");
    }
  }

  #take(most: number): Buffer {
    const piece = this.#chunk.subarray(0, most);
    this.#chunk = this.#chunk.subarray(piece.length);
    return piece;
  }

  async #more(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return false;
      this.#chunk = next.value;
    }
    return true;
  }
}
