import { readdir, readFile } from "node:fs/promises";
import { hasErrno } from "../../../errors.ts";

/** One process, told from a later one with the same number by when it began (clock ticks since the boot). */
export interface ProcessId {
  readonly pid: number;
  readonly startedAt: number;
}

/** Clock ticks in a second: 100 for every program on Linux, whatever the kernel counts in. */
const TICKS = 100;

/** The process with that number, or `undefined` when there is none or only its exit status is left. */
export async function findProcess(pid: number): Promise<ProcessId | undefined> {
  const stat = await readProc(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startedAt] = [fields?.[0], fields?.[19]];
  if (state === undefined || startedAt === undefined || state === "Z" || state === "X") return undefined;
  return { pid, startedAt: Number(startedAt) };
}

/** Whether this very process still runs. */
export async function isAlive(process: ProcessId | undefined): Promise<boolean> {
  return process !== undefined && (await findProcess(process.pid))?.startedAt === process.startedAt;
}

/** Whole seconds that it has been running. */
export async function secondsSince(process: ProcessId): Promise<number> {
  const uptime = Number((await readFile("/proc/uptime", "utf8")).split(" ")[0]);
  return Math.max(0, Math.floor(uptime - process.startedAt / TICKS));
}

/** Every process that carries this `NAME=VALUE` in the environment that it was started with. */
export async function processesWith(variable: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readProc(`/proc/${pid}/environ`);
      return environment?.split("\0").includes(variable) ? pid : undefined;
    }),
  );
  return found.filter((pid) => pid !== undefined);
}

/** Sends a signal, to a group when the number is negative; false when there is none any more. */
export function sendSignal(pid: number, signal: NodeJS.Signals | number): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (hasErrno(error, "ESRCH")) return false;
    throw error;
  }
}

/** A file of a process, or `undefined` when that process is gone or is not ours to look at. */
async function readProc(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ESRCH", "EACCES", "EPERM")) return undefined;
    throw error;
  }
}
