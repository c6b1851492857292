import type { MachineRecord } from "../machines/index.ts";
import { healthFact } from "../machines/index.ts";
import { debug } from "../system/index.ts";
import type { Context } from "./context.ts";
import { connect } from "./exec.ts";
import type { Live } from "./live.ts";
import { addressOf } from "./network.ts";

/** What an image's health check says of its program. */
export type Health = "starting" | "healthy" | "unhealthy";

const STATES: readonly string[] = ["starting", "healthy", "unhealthy"] satisfies Health[];
const READ = ["/.bothy/bin/busybox", "cat", "/run/bothy/health"];
const PATIENCE_MS = 3000;

/** The state of a running machine's health check; `null` where there is none, or nobody answers in time. */
export async function healthOf(ctx: Context, record: MachineRecord, live: Live): Promise<Health | null> {
  if (live.state !== "running" || healthFact(record) === undefined) return null;
  const late = new Promise<null>((resolve) => setTimeout(resolve, PATIENCE_MS, null).unref());
  return Promise.race([read(ctx, record, live), late]).catch((error: unknown) => {
    debug(`the health of ${record.name} is unknown: ${error}`);
    return null;
  });
}

async function read(ctx: Context, record: MachineRecord, live: Live): Promise<Health | null> {
  const provider = await ctx.providers.get(live.isolation);
  const ip = (await addressOf(ctx, record)) ?? "";
  await using connection = await connect(ctx, { record, provider, ip });
  const process = await connection.exec({ argv: READ });
  process.stdin.end();
  process.stderr.resume();
  let text = "";
  for await (const chunk of process.stdout) text += String(chunk);
  const state = text.trim();
  return STATES.includes(state) ? (state as Health) : null;
}
