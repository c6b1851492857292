import { chmod, open, rm } from "node:fs/promises";
import { BothyError } from "../errors.ts";
import { explainFullDisk, run } from "../system/index.ts";
import { digestOfFile } from "./digest.ts";

import { uuidOf, writeUuid } from "./superblock.ts";

/** How a tree becomes an image. */
export interface PackOptions {
  /** `lz4` (default) halves the size and reads as fast; nothing else is readable by a 6.1 guest. */
  readonly compress?: "lz4" | "none" | undefined;
  /** Seconds since 1970: newer mtimes become this one, older stay. Default: every mtime stays. */
  readonly epoch?: number | undefined;
  /** What a program is started with to see the folder where `folder` says: `nsenter ... --`. Default: nothing. */
  readonly enter?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** No file is newer than this, so nothing is clamped; it only shows as the image's own build time. */
const KEEP_ALL_MTIMES = 0xffff_ffff;
const NIL_UUID = "00000000-0000-0000-0000-000000000000";

/**
 * Packs a folder into one EROFS file and returns the digest that names it.
 *
 * The digest is the sha256 of the file's bytes: whoever has the file can check it and needs nothing else.
 * The same tree (names, contents, modes, owners, mtimes, xattrs) gives the same bytes on every run; another
 * version of erofs-utils may give others. The file system's UUID comes from the content as well, because
 * overlayfs tells its lowers apart by it. The file is 0444 and on disk when this returns; nothing is left
 * at `target` when it fails.
 * @throws BothyError `TOOL_MISSING`, `DISK_FULL`, `INTERRUPTED`; CommandError when mkfs.erofs refuses.
 */
export async function packTree(folder: string, target: string, options: PackOptions = {}): Promise<string> {
  try {
    await makeImage(folder, target, options);
    await sealImage(target, await digestOfFile(target, options.signal));
    return await digestOfFile(target, options.signal);
  } catch (error) {
    const cause = await explainFailure(error, target, options.signal);
    await rm(target, { force: true });
    throw cause;
  }
}

async function makeImage(folder: string, target: string, options: PackOptions): Promise<void> {
  const { compress = "lz4", epoch = KEEP_ALL_MTIMES, enter = [], signal } = options;
  const compression = compress === "none" ? [] : [`-z${compress}`];
  // Without -T: that would overwrite every mtime. SOURCE_DATE_EPOCH fixes the build time and clamps.
  await run([...enter, "mkfs.erofs", "--quiet", ...compression, "-U", NIL_UUID, target, folder], {
    env: { SOURCE_DATE_EPOCH: String(epoch) },
    signal,
  });
}

async function sealImage(target: string, digest: string): Promise<void> {
  const file = await open(target, "r+");
  try {
    await writeUuid(file, uuidOf(digest));
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(target, 0o444);
}

async function explainFailure(error: unknown, target: string, signal?: AbortSignal): Promise<unknown> {
  if (signal?.aborted) return new BothyError("INTERRUPTED", `packing ${target} was interrupted`);
  return explainFullDisk(error, target);
}
