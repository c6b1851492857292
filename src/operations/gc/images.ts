import {
  removeDownloads,
  removeOldArtefacts,
  removeUnusedLayers,
  removeWorkspaces,
} from "../../boxes/index.ts";
import { ISOLATIONS } from "../../providers/registry.ts";
import { boxUsers, tellKept } from "../box-users.ts";
import type { Context } from "../context.ts";
import type { Leftover, SweepOptions } from "./leftover.ts";

/** For so long a download that failed may go on where it stopped. */
const DOWNLOAD_KEPT_MS = 24 * 3_600_000;

/**
 * Interrupted builds, layers and disks that nobody uses, downloads that nobody went on with, and artefacts of earlier
 * builds while no machine may be using them.
 */
export async function sweepImages(ctx: Context, options: SweepOptions): Promise<Leftover[]> {
  const sweep = { ...options, inUse: boxUsers(ctx) };
  const builds = await removeWorkspaces(ctx.layout, options);
  const { layers, disks, kept } = await removeUnusedLayers(ctx.layout, sweep);
  const downloads = await removeDownloads(ctx.layout, { ...options, olderThanMs: DOWNLOAD_KEPT_MS });
  await tellKept(ctx, [kept, downloads.kept]);
  const artefacts = (await anyRuns(ctx)) ? [] : await removeOldArtefacts(ctx.layout, sweep);
  return [
    ...builds.map((name) => ({ kind: "build", name })),
    ...layers.map((digest) => ({ kind: "layer", name: digest.slice(0, 12) })),
    ...disks.map((digest) => ({ kind: "disk", name: digest.slice(0, 12) })),
    ...downloads.files.map((name) => ({ kind: "download", name })),
    ...artefacts.map(({ kind, digest }) => ({ kind, name: digest.slice(0, 12) })),
  ];
}

/** Our own kernel and the tools are in no record, so any machine that runs may have any of them. */
async function anyRuns(ctx: Context): Promise<boolean> {
  const providers = await Promise.all(ISOLATIONS.map((isolation) => ctx.providers.get(isolation)));
  const live = await Promise.all(providers.map((provider) => provider.inspect()));
  return live.some((machines) => [...machines.values()].some(({ state }) => state !== "stopped"));
}
