import { rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { hasErrno } from "../errors.ts";
import { type Layout, namesIn, statIfExists } from "../system/index.ts";
import { areLayersLeased } from "./lease.ts";
import { lockBoxes } from "./store.ts";

/** What was downloaded for imports that never ended. */
export interface OldDownloads {
  /** Below the folder of downloads. */
  readonly files: readonly string[];
  readonly freedBytes: number;
  /** Why nothing was removed. */
  readonly kept?: string | undefined;
}

/**
 * Removes what was downloaded and is no box: what failed imports left, so that they need not fetch it again. Nothing
 * while an import runs, which may go on with any of it. With `dryRun` it returns the same and removes nothing.
 */
export async function removeDownloads(
  layout: Layout,
  options: { dryRun?: boolean | undefined; olderThanMs: number },
): Promise<OldDownloads> {
  await using _held = await lockBoxes(layout);
  const kept = "an import is running, which may need what was downloaded";
  if (await areLayersLeased(layout)) return { files: [], freedBytes: 0, kept };
  const found = { files: [] as string[], freedBytes: 0 };
  await sweepFolder(layout, "", options, found);
  return found;
}

async function sweepFolder(
  layout: Layout,
  folder: string,
  options: { dryRun?: boolean | undefined; olderThanMs: number },
  found: { files: string[]; freedBytes: number },
): Promise<void> {
  for (const name of await namesIn(join(layout.downloads(), folder))) {
    const path = join(layout.downloads(), folder, name);
    const stats = await statIfExists(path);
    if (stats?.isDirectory()) {
      await sweepFolder(layout, join(folder, name), options, found);
      if (!options.dryRun) await removeIfEmpty(path);
    } else if (stats && Date.now() - Math.max(stats.mtimeMs, stats.ctimeMs) >= options.olderThanMs) {
      if (!options.dryRun) await rm(path, { force: true });
      found.files.push(join(folder, name));
      found.freedBytes += stats.size;
    }
  }
}

async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    if (!hasErrno(error, "ENOTEMPTY", "EEXIST", "ENOENT")) throw error;
  });
}
