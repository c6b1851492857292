import { type MachineRecord, readRecord } from "../machines/index.ts";
import { lock, statIfExists } from "../system/index.ts";
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

/**
 * The machine's record as it is now that its lock is held: another process may have changed or removed it meanwhile.
 * `undefined`: it is gone. @throws BothyError `MACHINE_BROKEN`.
 */
export async function currentRecord(ctx: Context, id: string): Promise<MachineRecord | undefined> {
  if (!(await statIfExists(ctx.layout.machine(id).folder))) return undefined;
  return readRecord(ctx.layout, id);
}
