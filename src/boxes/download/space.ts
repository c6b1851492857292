import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { BothyError, hasErrno } from "../../errors.ts";

/**
 * Makes sure that `bytes` more fit into the file system of a folder, which need not be there yet.
 * @param what begins the message: "downloading nginx:1.27".
 * @throws BothyError `DISK_FULL` with what is needed and what is free.
 */
export async function requireSpace(folder: string, bytes: number, what: string): Promise<void> {
  const free = await freeBytes(folder);
  if (bytes <= free) return;
  throw new BothyError(
    "DISK_FULL",
    `${what} needs ${formatBytes(bytes)}, and only ${formatBytes(free)} are free in ${folder}`,
    { hints: [`df -h ${folder}`, "`bothy box prune` and `bothy gc` free space"] },
  );
}

/** "512 bytes", "1.5 MiB", "230 GiB". */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  const power = Math.min(4, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${Number(value.toFixed(value < 10 ? 1 : 0))} ${["", "KiB", "MiB", "GiB", "TiB"][power]}`;
}

async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    if (hasErrno(error, "ENOENT") && dirname(folder) !== folder) return freeBytes(dirname(folder));
    throw error;
  }
}
