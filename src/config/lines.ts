/** A place in a text, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Finds lines and columns by offset. (yaml's own counter misses line ends inside some multi-line scalars.) */
export class Lines {
  readonly #starts: readonly number[];
  readonly #length: number;

  constructor(text: string) {
    this.#starts = [0, ...[...text.matchAll(/\n/g)].map((end) => end.index + 1)];
    this.#length = text.length;
  }

  /** The place of a character; what lies outside the text is at its start or end. */
  placeOf(offset: number): Place {
    const inside = Math.min(Math.max(offset, 0), this.#length);
    const line = this.#starts.findLastIndex((start) => start <= inside);
    return { line: line + 1, column: inside - (this.#starts[line] ?? 0) + 1 };
  }
}
