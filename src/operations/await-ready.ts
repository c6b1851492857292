import { createConnection } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { openSession } from "../connections/index.ts";
import { BothyError } from "../errors.ts";
import { type MachineRecord, programOf } from "../machines/index.ts";
import { debug, environment, type Probe, waitFor } from "../system/index.ts";
import type { Context } from "./context.ts";
import { consoleTail } from "./logs.ts";
import type { Attachment } from "./network.ts";
import type { Progress } from "./reporter.ts";
import { sshTarget } from "./ssh-target.ts";

const DEFAULT_TIMEOUT_S = 300;

/** How often a machine is asked whether it has ended; one with a program may do so at any time, and soon. */
const LOOK_MS = { program: 250, plain: 2000 } as const;

/** What came of the wait: it takes logins, or its program has done its work already. */
export type Readiness = "ready" | "done";

/**
 * Waits until the machine's user can log in over SSH, or until its program has ended with 0.
 * @throws BothyError `TIMEOUT` with the last console lines; `MACHINE_STOPPED_EARLY` when it ends otherwise.
 */
export async function awaitReady(
  ctx: Context,
  record: MachineRecord,
  network: Attachment,
  progress: Progress,
): Promise<Readiness> {
  progress.report(`waiting for SSH at ${network.ip}`);
  const over = new AbortController(); // an attempt may hang for seconds at a machine that has gone
  const knock = () => canLogIn(ctx, record, network.ip, AbortSignal.any([over.signal, ctx.signal]));
  try {
    return await waitFor(readyProbe(ctx, record, network.ip, knock), {
      timeoutMs: bootTimeoutMs(),
      intervalMs: 50,
      signal: ctx.signal,
    });
  } finally {
    over.abort();
  }
}

/** How long a machine may take to answer; `BOTHY_BOOT_TIMEOUT` in seconds. */
export function bootTimeoutMs(): number {
  const text = environment("BOTHY_BOOT_TIMEOUT") ?? String(DEFAULT_TIMEOUT_S);
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds * 1000;
  throw new BothyError("USAGE", `BOTHY_BOOT_TIMEOUT="${text}" is no number of seconds`, {
    hints: ["BOTHY_BOOT_TIMEOUT=600 bothy up"],
  });
}

/** Knocks, and looks now and then whether there is still somebody to answer. */
function readyProbe(
  ctx: Context,
  record: MachineRecord,
  ip: string,
  knock: () => Promise<boolean>,
): Probe<Readiness> {
  const lookMs = programOf(record) ? LOOK_MS.program : LOOK_MS.plain;
  let lookAt = performance.now() + lookMs;
  let knocking: Promise<boolean> | undefined;
  return {
    title: `machine "${record.name}" to answer on SSH at ${ip}`,
    attempt: async () => {
      knocking ??= knock().finally(() => {
        knocking = undefined;
      });
      const untilLook = delay(Math.max(0, lookAt - performance.now()), false, { ref: false });
      if (await Promise.race([knocking, untilLook])) return "ready";
      if (performance.now() < lookAt) return undefined;
      const done = await isDone(ctx, record);
      lookAt = performance.now() + lookMs;
      return done ? "done" : undefined;
    },
    evidence: () => consoleTail(ctx, record),
    hints: [
      `bothy logs ${record.name}`,
      `bothy exec ${record.name} -- dmesg`,
      "a slow host may need more time: BOTHY_BOOT_TIMEOUT=600 bothy up",
    ],
  };
}

async function canLogIn(
  ctx: Context,
  record: MachineRecord,
  ip: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(await speaksSsh(ip, 22, signal))) return false;
  try {
    await using _ = await openSession(await sshTarget(ctx, record, ip), { signal });
    return true;
  } catch (error) {
    debug(`not yet: ${error}`);
    return false; // systemd refuses logins until it is done with the early boot
  }
}

/** Whether something at that port greets as an SSH server; cheap, so that it can be asked often. */
export function speaksSsh(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: 3000 });
    signal.addEventListener("abort", () => socket.destroy(), { once: true });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", (data) => end(data.toString("latin1").startsWith("SSH-")));
    for (const event of ["error", "timeout", "close"]) socket.once(event, () => end(false));
  });
}

/** Whether its program has ended and all is well. @throws BothyError `MACHINE_STOPPED_EARLY` for any other end. */
export async function isDone(ctx: Context, record: MachineRecord): Promise<boolean> {
  const provider = await ctx.providers.get(record.isolation);
  const live = (await provider.inspect()).get(record.id);
  if (live && live.state !== "stopped" && live.state !== "broken") return false;
  if (live?.exitStatus === 0) return true;
  const tail = await consoleTail(ctx, record);
  const why = live?.reason ? `: ${live.reason}` : "";
  throw new BothyError(
    "MACHINE_STOPPED_EARLY",
    `machine "${record.name}" stopped while it was starting${why}${tail ? `\n${tail}` : ""}`,
    {
      hints: [`bothy logs ${record.name}`],
    },
  );
}
