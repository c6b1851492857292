import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { diskFull } from "./files.ts";
import { CommandError } from "./process.ts";

/** The C library's and apt's. */
const WORDS = /No space left on device|don't have enough free space/;
/** Less room than this after a failure means that the disk was full. */
const FULL_BELOW_BYTES = 4 << 20;

/**
 * Turns the failure of a program that wrote to `path` into `DISK_FULL` when that is why, and leaves every other.
 * Programs have no exit code for it: what counts is the room that is left, or, from a program that cleans up
 * before it ends, the C library's or apt's words (we run everything in the C locale).
 */
export async function explainFullDisk(error: unknown, path: string): Promise<unknown> {
  if (!(error instanceof CommandError)) return diskFull(error, path);
  const said = WORDS.test(error.result.stderr);
  if (!said && !(await isFull(dirname(path)))) return error;
  const full = Object.assign(new Error(error.message), { code: "ENOSPC" });
  return diskFull(full, path);
}

async function isFull(folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize < FULL_BELOW_BYTES;
}
