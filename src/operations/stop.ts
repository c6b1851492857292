import type { Isolation } from "../providers/provider.ts";
import type { Context } from "./context.ts";
import type { Progress } from "./reporter.ts";

/** How long a machine may take to shut down before it is stopped by force, milliseconds. */
export const STOP_DEADLINE_MS = 60_000;

/** Stops a machine at every level where it may run. */
export async function stopEverywhere(
  ctx: Context,
  levels: readonly Isolation[],
  id: string,
  { deadlineMs, progress }: { readonly deadlineMs: number; readonly progress: Progress },
): Promise<void> {
  for (const level of levels) {
    const provider = await ctx.providers.get(level);
    await provider.stop(id, { deadlineMs, signal: ctx.signal, report: progress.report });
  }
}
