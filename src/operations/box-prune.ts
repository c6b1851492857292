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
import { listRecords } from "../machines/index.ts";
import { boxUsers } from "./box-users.ts";
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
 * machine uses, but for those that cannot be had again, made of a machine or of unknown origin, and what builds of
 * Dockerfiles have cached.
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
  const reasons = [swept.kept, downloads.kept, await damagedMachine(ctx)].flatMap((reason) => reason ?? []);
  for (const reason of new Set(reasons)) ctx.reporter.warn(`not everything could be removed: ${reason}`);
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

function canBeHadAgain({ source }: Box): boolean {
  return source !== undefined && !("machine" in source);
}

/** It may stand on anything, so nothing that it could stand on goes. */
async function damagedMachine({ layout }: Context): Promise<string | undefined> {
  const [first] = (await listRecords(layout)).broken;
  return first && `the machine ${first.id} cannot be read: \`bothy status --all\``;
}

async function removeBuildCache({ layout, signal }: Context, dryRun: boolean): Promise<number> {
  const bytes = await bytesBelow(join(layout.home, "buildah"));
  if (!dryRun) await pruneBuildCache(layout, { all: true, signal });
  return bytes;
}
