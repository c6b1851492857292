/** Repeatable random numbers (mulberry32): the same seed gives the same tests. */
export class Prng {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 to `limit - 1`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  /** The bytes cut into pieces of 1 to `largest` bytes. */
  *pieces(bytes: Buffer, largest: number): Generator<Buffer> {
    for (let start = 0; start < bytes.length; ) {
      const end = Math.min(bytes.length, start + 1 + this.below(largest));
      yield bytes.subarray(start, end);
      start = end;
    }
  }
}
