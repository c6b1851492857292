import { join } from "node:path";
import { pruneBuildCache } from "../boxes/dockerfile/index.ts";
import {
  type Box,
  bytesBelow,
  removeDownloads,
  removeUnusedBoxes,
  removeUnusedLayers,
  type Swept,
} from "../boxes/index.ts";
import { statIfExists } from "../system/index.ts";
import { boxUsers, tellKept } from "./box-users.ts";
import type { Context } from "./context.ts";

/** What `box prune` removed, or would remove. */
export interface PruneResult {
  /** Names, with `all`. */
  readonly boxes: readonly string[];
  /** Digests, as of the disks and kernels. */
  readonly layers: readonly string[];
  readonly disks: readonly string[];
  readonly kernels: readonly string[];
  /** Files below the store's folder of downloads. */
  readonly downloads: readonly string[];
  /** Of builds of Dockerfiles, with `all`; 0 when there was none. */
  readonly buildCacheBytes: number;
  readonly freedBytes: number;
  readonly dryRun: boolean;
}

/**
 * Removes what no box and no machine uses, and what was downloaded and became no box. With `all` also the boxes that no
 * machine uses, but for those that cannot be had again (made of a machine, of a file that is gone, or of unknown
 * origin), and what builds of Dockerfiles have cached.
 */
export async function pruneBoxes(
  ctx: Context,
  options: { all?: boolean; dryRun?: boolean },
): Promise<PruneResult> {
  const { dryRun = false } = options;
  const sweep = { inUse: boxUsers(ctx), dryRun };
  const boxes = options.all
    ? await removeUnusedBoxes(ctx.layout, { ...sweep, mayGo: canBeHadAgain })
    : undefined;
  const swept: Swept = boxes ?? (await removeUnusedLayers(ctx.layout, sweep));
  const downloads = await removeDownloads(ctx.layout, { dryRun, olderThanMs: 0 });
  const buildCacheBytes = options.all ? await removeBuildCache(ctx, dryRun) : 0;
  await tellKept(ctx, [swept.kept, downloads.kept]);
  return {
    boxes: boxes?.boxes ?? [],
    layers: swept.layers,
    disks: swept.disks,
    kernels: swept.kernels,
    downloads: downloads.files,
    buildCacheBytes,
    freedBytes: swept.freedBytes + downloads.freedBytes + buildCacheBytes,
    dryRun,
  };
}

/** Not what was made of a machine, nor what came from a file or folder of this host that is gone. */
async function canBeHadAgain({ source }: Box): Promise<boolean> {
  if (!source || "machine" in source) return false;
  const place = placeOf(source);
  if (place === undefined) return true;
  const places = [place, ...[...place.matchAll(/:/g)].map(({ index }) => place.slice(0, index))]; // then an image's name
  return (await Promise.all(places.map(statIfExists))).some((stats) => stats !== undefined);
}

/** Where on this host a box came from; `undefined` when it was elsewhere. */
function placeOf(source: NonNullable<Box["source"]>): string | undefined {
  if ("archive" in source) return source.archive.replace(/^[a-z-]+:/, "");
  if ("context" in source) return source.context;
  const origin = "file" in source ? (source.catalog ?? source.file) : undefined;
  return origin?.startsWith("/") ? origin : undefined;
}

async function removeBuildCache({ layout, signal }: Context, dryRun: boolean): Promise<number> {
  const bytes = await bytesBelow(join(layout.home, "buildah"));
  if (!dryRun) await pruneBuildCache(layout, { all: true, signal });
  return bytes;
}
