import { dirname } from "node:path";
import { removeOldLocks } from "../system/index.ts";
import type { Context } from "./context.ts";
import { sweepImages } from "./gc/images.ts";
import type { Leftover } from "./gc/leftover.ts";
import { sweepMachines } from "./gc/machines.ts";
import { sweepProjects } from "./gc/projects.ts";

export type { Leftover } from "./gc/leftover.ts";

/** What `gc` returns. */
export interface GcResult {
  readonly found: readonly Leftover[];
}

/** There is one for every image, layer and machine that ever was. */
const LOCK_KEPT_MS = 24 * 3_600_000;

/**
 * Finds what crashes and kills left: machines half made or half destroyed, runs without a machine, dead runs, networks
 * without a project, interrupted builds, layers and artefacts that nobody needs. What another process is working on
 * right now is not touched: each thing is looked at again under its own lock before it goes, and only what went is
 * listed, but for files of locks, which hold nothing. With `dryRun` the same is found and nothing is removed.
 */
export async function gc(ctx: Context, options: { dryRun?: boolean }): Promise<GcResult> {
  const sweep = { dryRun: options.dryRun ?? false };
  const machines = await sweepMachines(ctx, sweep);
  const projects = await sweepProjects(ctx, sweep);
  const images = await sweepImages(ctx, sweep);
  if (!sweep.dryRun) await removeOldLocks(dirname(ctx.layout.lock("any")), LOCK_KEPT_MS);
  return { found: [...machines, ...projects, ...images] };
}
