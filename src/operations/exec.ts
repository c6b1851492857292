import { constants } from "node:os";
import type { Connection, ExecRequest } from "../providers/provider.ts";
import { hostEnvironment, start } from "../system/index.ts";
import type { Context } from "./context.ts";
import { requireTools } from "./own-disk.ts";
import { pump, type Stdio } from "./pump.ts";
import { managementOf } from "./run-spec.ts";
import { type RunningMachine, runningMachine } from "./running.ts";

/** What `exec` was asked for. */
export interface ExecOptions extends ExecRequest {
  readonly machine?: string | undefined;
  /** Give the command the caller's terminal. */
  readonly tty?: boolean | undefined;
  readonly stdio: Stdio;
}

/** Runs a command inside, without a login; returns its exit code (128 + n for signal n). */
export async function exec(ctx: Context, options: ExecOptions): Promise<number> {
  const machine = await runningMachine(ctx, options.machine);
  await using connection = await connect(ctx, machine);
  if (options.tty) return await inTerminal(connection.terminal(options));
  return await pump(await connection.exec(options), options.stdio, ctx.signal);
}

/** A way into a running machine that does not need its own SSH server. */
export async function connect(ctx: Context, machine: RunningMachine): Promise<Connection> {
  requireTools(machine.record, "this");
  return machine.provider.connect(machine.record.id, await managementOf(ctx, machine.record, machine.ip));
}

/** Runs a command of the host with the caller's terminal; its exit code. */
export function inTerminal(argv: readonly string[]): Promise<number> {
  const child = start(argv, { stdio: "inherit", env: hostEnvironment() });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
