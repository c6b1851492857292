import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { BothyError } from "../../errors.ts";
import { Refusal } from "./refusal.ts";
import type { TarEntry } from "./tar/reader.ts";

/** The names of a layer are kept in memory while it is read. */
const MOST_ENTRIES = 2_000_000;
/** Holes cost nothing on the disk, but mkfs reads them: three seconds a GiB. */
const MOST_HOLE_BYTES = 64 * 2 ** 30;
/** What is left to the host. */
const RESERVE_BYTES = 64 << 20;
const FILE_OVERHEAD_BYTES = 4096;

/** Keeps an archive from filling the disk or never ending. */
export class Budget {
  readonly #home: string;
  readonly #freeBytes: number;
  #usedBytes = 0;
  #holeBytes = 0;
  #entries = 0;

  private constructor(home: string, freeBytes: number) {
    this.#home = home;
    this.#freeBytes = freeBytes;
  }

  /** What the file system of a folder, which goes with the work, has room for. */
  static async of(folder: string): Promise<Budget> {
    const { bavail, bsize } = await statfs(folder);
    return new Budget(dirname(folder), bavail * bsize - RESERVE_BYTES);
  }

  /**
   * Counts an entry before its data is read.
   * @throws BothyError `DISK_FULL` when the data cannot fit; Refusal for what only a hostile archive has.
   */
  count(entry: TarEntry): void {
    this.#entries++;
    this.#usedBytes += entry.storedBytes + (entry.type === "file" ? FILE_OVERHEAD_BYTES : 0);
    this.#holeBytes += entry.size - entry.storedBytes;
    if (this.#entries > MOST_ENTRIES) throw new Refusal(`is the ${MOST_ENTRIES + 1}th: too many`, entry.name);
    if (this.#holeBytes > MOST_HOLE_BYTES)
      throw new Refusal("brings the archive's holes to 64 GiB", entry.name);
    if (this.#usedBytes <= this.#freeBytes) return;
    const mebibytes = (bytes: number) => `${Math.ceil(Math.max(0, bytes) / 2 ** 20)} MiB`;
    const [needed, free, reserve] = [this.#usedBytes, this.#freeBytes + RESERVE_BYTES, RESERVE_BYTES].map(
      mebibytes,
    );
    const why = `${free} are free, and ${reserve} have to stay free for the host`;
    throw new BothyError("DISK_FULL", `the layer needs ${needed} or more: ${why} (${this.#home})`, {
      hints: [`df -h ${this.#home}`, "`bothy gc` and `bothy box remove NAME` free space"],
    });
  }
}
