import { messageOf } from "../errors.ts";
import type { MachineRecord } from "../machines/index.ts";
import type { Isolation, LiveMachine } from "../providers/provider.ts";
import { debug } from "../system/index.ts";
import type { Context } from "./context.ts";

/** A machine's state as shown to users. */
export type MachineState = "absent" | "stopped" | "starting" | "running" | "suspended" | "broken" | "unknown";

/** What the backends say of one machine right now. */
export interface Live {
  readonly state: MachineState;
  /** The level it runs at, or last ran at. */
  readonly isolation: Isolation;
  readonly uptimeS?: number | undefined;
  readonly reason?: string | undefined;
}

/**
 * The live state of machines, asked from the backends where each ever ran.
 * A backend that cannot be asked makes its machines `unknown`, never gone.
 */
export async function liveStates(
  ctx: Context,
  records: readonly MachineRecord[],
): Promise<Map<string, Live>> {
  const levels = [...new Set(records.flatMap((record) => record.ranAt))];
  const answers = new Map(
    await Promise.all(levels.map(async (level) => [level, await ask(ctx, level)] as const)),
  );
  return new Map(records.map((record) => [record.id, liveState(record, answers)]));
}

type Answer = ReadonlyMap<string, LiveMachine> | { readonly unknown: string };

async function ask(ctx: Context, isolation: Isolation): Promise<Answer> {
  try {
    return await (await ctx.providers.get(isolation)).inspect();
  } catch (error) {
    debug(`inspect ${isolation}: ${messageOf(error)}`);
    return { unknown: messageOf(error) };
  }
}

/** What runs counts before what cannot be told, and that before what has ended: nothing may hide a running machine. */
function liveState(record: MachineRecord, answers: ReadonlyMap<Isolation, Answer>): Live {
  const found = record.ranAt.flatMap((isolation): Live[] => {
    const answer = answers.get(isolation);
    if (!answer || "unknown" in answer) return [{ state: "unknown", isolation, reason: answer?.unknown }];
    const live = answer.get(record.id);
    return live ? [{ ...live, isolation }] : [];
  });
  const ranks: MachineState[] = ["running", "starting", "suspended", "unknown", "broken"];
  const first = ranks.flatMap((state) => found.filter((live) => live.state === state))[0];
  if (first) return first;
  const { isolation, intent } = record;
  if (intent !== "present") return { state: "broken", isolation, reason: `${intent} was interrupted` };
  return { state: "stopped", isolation, reason: found.find((live) => live.reason)?.reason };
}
