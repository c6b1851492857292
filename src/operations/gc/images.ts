import { removeOldArtefacts, removeUnusedLayers, removeWorkspaces } from "../../boxes/index.ts";
import { ISOLATIONS } from "../../providers/registry.ts";
import { boxUsers } from "../box.ts";
import type { Context } from "../context.ts";
import type { Leftover, SweepOptions } from "./leftover.ts";

/** Interrupted builds, layers that nobody uses, and artefacts of earlier builds while no machine may be using them. */
export async function sweepImages(ctx: Context, options: SweepOptions): Promise<Leftover[]> {
  const builds = await removeWorkspaces(ctx.layout, options);
  const { layers } = await removeUnusedLayers(ctx.layout, { ...options, inUse: boxUsers(ctx) });
  const artefacts = (await anyRuns(ctx)) ? [] : await removeOldArtefacts(ctx.layout, options);
  return [
    ...builds.map((name) => ({ kind: "build", name })),
    ...layers.map((digest) => ({ kind: "layer", name: digest.slice(0, 12) })),
    ...artefacts.map(({ kind, digest }) => ({ kind, name: digest.slice(0, 12) })),
  ];
}

/** Nobody records which kernel and tools a machine was started from, so any that runs may have any of them. */
async function anyRuns(ctx: Context): Promise<boolean> {
  const providers = await Promise.all(ISOLATIONS.map((isolation) => ctx.providers.get(isolation)));
  const live = await Promise.all(providers.map((provider) => provider.inspect()));
  return live.some((machines) => [...machines.values()].some(({ state }) => state !== "stopped"));
}
