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

function liveState(record: MachineRecord, answers: ReadonlyMap<Isolation, Answer>): Live {
  let unknown: string | undefined;
  for (const isolation of record.ranAt) {
    const answer = answers.get(isolation);
    if (!answer || "unknown" in answer) {
      unknown = answer?.unknown;
      continue;
    }
    const live = answer.get(record.id);
    if (live && (live.state !== "stopped" || live.reason)) return { ...live, isolation };
  }
  if (unknown !== undefined) return { state: "unknown", isolation: record.isolation, reason: unknown };
  if (record.intent !== "present")
    return { state: "broken", isolation: record.isolation, reason: `${record.intent} was interrupted` };
  return { state: "stopped", isolation: record.isolation };
}
