import { lock } from "../system/index.ts";
import type { Context } from "./context.ts";
import type { Progress } from "./reporter.ts";

/** Holds the machine against other bothy processes; says whom it waits for. */
export async function lockMachine(ctx: Context, id: string, progress: Progress): Promise<AsyncDisposable> {
  return lock(ctx.layout.lock(`machine-${id}`), {
    signal: ctx.signal,
    onWait: (holder) =>
      progress.report(
        `waiting for ${holder ? `\`${holder.command}\` (pid ${holder.pid})` : "another bothy"}`,
      ),
  });
}
