import { createConnection } from "node:net";
import { openSession } from "../connections/index.ts";
import { BothyError } from "../errors.ts";
import type { MachineRecord } from "../machines/index.ts";
import { debug, environment, type Probe, waitFor } from "../system/index.ts";
import type { Context } from "./context.ts";
import { consoleTail } from "./logs.ts";
import type { Attachment } from "./network.ts";
import type { Progress } from "./reporter.ts";
import { sshTarget } from "./ssh-target.ts";

const DEFAULT_TIMEOUT_S = 300;

/**
 * Waits until the machine's user can log in over SSH.
 * @throws BothyError `TIMEOUT` with the last console lines; `MACHINE_STOPPED_EARLY` when it ends meanwhile.
 */
export async function awaitReady(
  ctx: Context,
  record: MachineRecord,
  network: Attachment,
  progress: Progress,
): Promise<void> {
  progress.report(`waiting for SSH at ${network.ip}`);
  await waitFor(sshProbe(ctx, record, network.ip), {
    timeoutMs: bootTimeoutMs(),
    intervalMs: 50,
    signal: ctx.signal,
  });
}

function bootTimeoutMs(): number {
  const text = environment("BOTHY_BOOT_TIMEOUT") ?? String(DEFAULT_TIMEOUT_S);
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds * 1000;
  throw new BothyError("USAGE", `BOTHY_BOOT_TIMEOUT="${text}" is no number of seconds`, {
    hints: ["BOTHY_BOOT_TIMEOUT=600 bothy up"],
  });
}

function sshProbe(ctx: Context, record: MachineRecord, ip: string): Probe<true> {
  let checkedAt = performance.now();
  return {
    title: `machine "${record.name}" to answer on SSH at ${ip}`,
    attempt: async () => {
      if (await canLogIn(ctx, record, ip)) return true;
      if (performance.now() - checkedAt > 2000) {
        await failIfEnded(ctx, record);
        checkedAt = performance.now();
      }
      return undefined;
    },
    evidence: () => consoleTail(ctx, record),
    hints: [
      `bothy logs ${record.name}`,
      `bothy exec ${record.name} -- dmesg`,
      "a slow host may need more time: BOTHY_BOOT_TIMEOUT=600 bothy up",
    ],
  };
}

async function canLogIn(ctx: Context, record: MachineRecord, ip: string): Promise<boolean> {
  if (!(await speaksSsh(ip, 22))) return false;
  try {
    await using _ = await openSession(await sshTarget(ctx, record, ip), { signal: ctx.signal });
    return true;
  } catch (error) {
    debug(`not yet: ${error}`);
    return false; // systemd refuses logins until it is done with the early boot
  }
}

/** Whether something at that port greets as an SSH server; cheap, so that it can be asked often. */
function speaksSsh(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: 3000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", (data) => end(data.toString("latin1").startsWith("SSH-")));
    for (const event of ["error", "timeout", "close"]) socket.once(event, () => end(false));
  });
}

async function failIfEnded(ctx: Context, record: MachineRecord): Promise<void> {
  const provider = await ctx.providers.get(record.isolation);
  const live = (await provider.inspect()).get(record.id);
  if (live && live.state !== "stopped" && live.state !== "broken") return;
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
