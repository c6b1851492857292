import { BothyError } from "../errors.ts";
import type { MachineRecord } from "../machines/index.ts";
import { isFreezable } from "../providers/freezable.ts";
import { assertDiskFree } from "../system/index.ts";
import type { Context } from "./context.ts";
import { type Live, liveStates } from "./live.ts";
import { addressOf } from "./network.ts";
import type { Progress } from "./reporter.ts";
import { managementOf } from "./run-spec.ts";

/** A copy of a data disk, gone when disposed. */
export interface StillDisk extends AsyncDisposable {
  readonly file: string;
  readonly folder: string;
}

/**
 * A copy of a machine's data disk as it was at one moment, with everything that the machine had written by then. One that
 * runs is held for as long as the copy takes. The caller holds the machine's lock.
 * @throws BothyError `MACHINE_STATE` when it neither runs nor is stopped.
 */
export async function stillDisk(ctx: Context, record: MachineRecord, progress: Progress): Promise<StillDisk> {
  const { copyDisk } = await import("../boxes/snapshot/index.ts");
  const { disk } = ctx.layout.machine(record.id);
  const live = (await liveStates(ctx, [record])).get(record.id);
  const options = { name: `machine-${record.id}`, signal: ctx.signal }; // as the lock that the caller holds
  if (live?.state === "stopped") {
    await assertDiskFree(disk);
    progress.report("copying its disk");
    return copyDisk(ctx.layout, disk, options);
  }
  const hold = await freeze(ctx, record, live);
  progress.report("copying its disk while it waits");
  let copy: StillDisk | undefined;
  try {
    copy = await copyDisk(ctx.layout, disk, options);
  } finally {
    await letGo(hold, copy);
  }
  return copy;
}

async function freeze(ctx: Context, record: MachineRecord, live: Live | undefined): Promise<AsyncDisposable> {
  const { name, id } = record;
  if (live?.state !== "running") {
    const state = live?.state ?? "unknown";
    throw new BothyError("MACHINE_STATE", `machine "${name}" is ${state}: it has to run or to be stopped`, {
      hints:
        state === "unknown" ? ["`bothy doctor` finds what is wrong on this host"] : [`bothy halt ${name}`],
    });
  }
  const provider = await ctx.providers.get(live.isolation);
  if (isFreezable(provider)) {
    return provider.freeze(id, await managementOf(ctx, record, (await addressOf(ctx, record)) ?? ""));
  }
  throw new BothyError("MACHINE_STATE", `machine "${name}" runs, and its disk cannot be held still`, {
    hints: [`bothy halt ${name}`],
  });
}

/** A copy that was not held to its end may be torn. */
async function letGo(hold: AsyncDisposable, copy: StillDisk | undefined): Promise<void> {
  try {
    await hold[Symbol.asyncDispose]();
  } catch (error) {
    await copy?.[Symbol.asyncDispose]();
    throw error;
  }
}
