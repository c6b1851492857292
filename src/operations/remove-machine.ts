import { type MachineRecord, removeMachineFiles } from "../machines/index.ts";
import type { Context } from "./context.ts";
import { releaseFromNetwork } from "./network.ts";
import type { Progress } from "./reporter.ts";
import { stopEverywhere } from "./stop.ts";

/** Stops a machine by force wherever it ever ran and removes all of it. The caller holds its lock. Idempotent. */
export async function removeMachine(ctx: Context, record: MachineRecord, progress: Progress): Promise<void> {
  await stopEverywhere(ctx, record.ranAt, record.id, { deadlineMs: 0, progress });
  await eraseMachine(ctx, record);
}

/** Removes the files and addresses of a machine that runs nowhere. */
export async function eraseMachine(ctx: Context, record: MachineRecord): Promise<void> {
  await releaseFromNetwork(ctx, record);
  await removeMachineFiles(ctx.layout, record.id);
}
