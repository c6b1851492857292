import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { hasErrno } from "../errors.ts";

/** The bytes of a file, or of all regular files in a folder; 0 where nothing is. */
export async function bytesBelow(path: string): Promise<number> {
  try {
    const stats = await lstat(path);
    if (!stats.isDirectory()) return stats.isFile() ? stats.size : 0;
    let sum = 0;
    for (const name of await readdir(path)) sum += await bytesBelow(join(path, name));
    return sum;
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return 0; // gone while we looked
    throw error;
  }
}
