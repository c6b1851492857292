import { rm } from "node:fs/promises";
import { constants } from "node:os";
import { BothyError } from "../../../errors.ts";
import { readIfExists, start, systemClock } from "../../../system/index.ts";
import type { ExecProcess } from "../../provider.ts";
import { sendSignal } from "../host/index.ts";

/** How often we look for the command's pid when it is signalled before it has one. */
const POLL_MS = 5;

/**
 * Runs a command through the runtime. Its streams are pipes, so output that nobody reads holds the command back.
 * The runtime writes the command's pid into `pidFile` once it runs: without that, the failure is the runtime's own.
 */
export function startCommand(argv: readonly string[], pidFile: string): ExecProcess {
  const child = start(argv, { stdio: ["pipe", "pipe", "pipe"] });
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new Error("a command was started without pipes");
  stdin.on("error", () => {}); // the command may end before it has read everything: its exit code tells
  let over = false;
  const exitCode = new Promise<number>((resolve, reject) => {
    child.once("error", (cause) => reject(connectFailed(cause)));
    child.once("exit", (code, signal) => {
      over = true;
      settle(code, signal, pidFile).then(resolve, reject);
    });
  });
  exitCode.catch(() => {}); // whoever waits for it sees the error
  return {
    stdin,
    stdout,
    stderr,
    exitCode,
    kill: async (signal) => {
      const pid = await pidOf(pidFile, () => over);
      if (pid === undefined || over) return;
      // it leads a session of its own, so what it started is reached too; the runtime may be about to make that one
      if (!sendSignal(-pid, `SIG${signal}`)) sendSignal(pid, `SIG${signal}`);
    },
  };
}

async function settle(code: number | null, signal: NodeJS.Signals | null, pidFile: string): Promise<number> {
  const began = (await readIfExists(pidFile)) !== undefined;
  await rm(pidFile, { force: true });
  if (signal) return 128 + (constants.signals[signal] ?? 0);
  if (began) return code ?? 0;
  throw connectFailed(new Error(`the runtime ended with exit code ${code}`));
}

async function pidOf(pidFile: string, over: () => boolean): Promise<number | undefined> {
  while (!over()) {
    const pid = Number(await readIfExists(pidFile));
    if (pid > 0) return pid;
    await systemClock.sleep(POLL_MS);
  }
  return undefined;
}

function connectFailed(cause: Error): BothyError {
  return new BothyError("CONNECT_FAILED", `the runtime could not run a command inside: ${cause.message}`, {
    hints: ["`bothy status` tells whether the machine still runs"],
    cause,
  });
}
