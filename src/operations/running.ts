import { BothyError } from "../errors.ts";
import type { MachineRecord } from "../machines/index.ts";
import type { Provider } from "../providers/provider.ts";
import type { Context } from "./context.ts";
import { liveStates } from "./live.ts";
import { addressOf } from "./network.ts";
import { loadFleet, requireKnown, selectOne } from "./targets.ts";

/** A machine that runs, and how to reach it. */
export interface RunningMachine {
  readonly record: MachineRecord;
  readonly provider: Provider;
  readonly ip: string;
}

/** The one machine that `pattern` names, if it runs. @throws BothyError `MACHINE_STATE` with how to start it. */
export async function runningMachine(ctx: Context, pattern: string | undefined): Promise<RunningMachine> {
  const { record } = requireKnown(selectOne(await loadFleet(ctx), pattern));
  const live = (await liveStates(ctx, [record])).get(record.id);
  if (live?.state !== "running" && live?.state !== "starting") {
    throw new BothyError(
      "MACHINE_STATE",
      `machine "${record.name}" is ${live?.state ?? "stopped"}${live?.reason ? `: ${live.reason}` : ""}`,
      {
        hints:
          live?.state === "unknown"
            ? ["`bothy doctor` finds what is wrong on this host"]
            : [`bothy up ${record.name}`],
      },
    );
  }
  const ip = (await addressOf(ctx, record)) ?? "";
  return {
    record: { ...record, isolation: live.isolation },
    provider: await ctx.providers.get(live.isolation),
    ip,
  };
}
