import { formatBytes } from "../boxes/download/index.ts";

/** How far something that is measured in bytes has come. */
export interface BytesDone {
  readonly bytes: number;
  readonly totalBytes: number;
  /** Where it consists of layers: how many are done, and how many there are. */
  readonly done?: number | undefined;
  readonly layers?: number | undefined;
}

/** Where progress goes, and how often. */
export interface ByteProgressOptions {
  /** Whether a line replaces the one before. Where not, only the beginning is told; the end is its task's to tell. */
  readonly live: boolean;
  readonly now?: (() => number) | undefined;
}

/** A person reads no faster. */
const EVERY_MS = 250;
/** The rate is that of so long. */
const WINDOW_MS = 4000;

/**
 * Turns numbers that come with every chunk into lines that a person can read:
 * `layer 2 of 5, 12 MiB of 40 MiB, 11 MiB/s`.
 */
export function byteProgress(
  report: (line: string) => void,
  options: ByteProgressOptions,
): (done: BytesDone) => void {
  const { live, now = () => performance.now() } = options;
  const samples: { at: number; bytes: number }[] = [];
  let toldAt = Number.NEGATIVE_INFINITY;
  let hasBegun = false;
  let hasAll = false;
  return (done) => {
    if (!live) {
      if (!hasBegun && done.totalBytes > 0) report(beginning(done));
      hasBegun = true;
      return;
    }
    const at = now();
    const isWhole = done.bytes >= done.totalBytes; // told at once: what follows takes a while
    if (at - toldAt < EVERY_MS && isWhole === hasAll) return;
    toldAt = at;
    hasAll = isWhole;
    samples.push({ at, bytes: done.bytes });
    while (samples.length > 2 && at - (samples[0]?.at ?? at) > WINDOW_MS) samples.shift();
    report(lineOf(done, rateOf(samples)));
  };
}

function beginning({ totalBytes, layers }: BytesDone): string {
  return layers === undefined
    ? formatBytes(totalBytes)
    : `${plural(layers, "layer")}, ${formatBytes(totalBytes)} to fetch`;
}

function lineOf({ bytes, totalBytes, done, layers }: BytesDone, perSecond: number): string {
  const isFetching = bytes < totalBytes;
  const what = isFetching ? "layer" : "unpacking layer";
  return [
    ...(layers === undefined ? [] : [`${what} ${Math.min((done ?? 0) + 1, layers)} of ${layers}`]),
    ...(isFetching || layers === undefined ? [`${formatBytes(bytes)} of ${formatBytes(totalBytes)}`] : []),
    ...(isFetching && perSecond > 0 ? [`${formatBytes(perSecond)}/s`] : []),
  ].join(", ");
}

function rateOf(samples: readonly { at: number; bytes: number }[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at <= first.at) return 0;
  return Math.round(((last.bytes - first.bytes) * 1000) / (last.at - first.at));
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
