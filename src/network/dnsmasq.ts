import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { BothyError, hasErrno } from "../errors.ts";
import { readIfExists, run, systemClock, waitFor } from "../system/index.ts";
import type { NamesFiles } from "./names-files.ts";

/** dnsmasq's exit code for "could not bind or configure a network interface". */
const EXIT_NETWORK = 2;
const STOP_TIMEOUT_MS = 2000;
const BIND_RETRIES = 5;
const BIND_RETRY_MS = 50;
/** The account of Debian's package; without it dnsmasq takes `nobody`. */
const ACCOUNT = "dnsmasq";

/** A dnsmasq process and the configuration it was started with. */
export interface Dnsmasq {
  readonly pid: number;
  readonly config: string;
}

/** The pid of the running dnsmasq of these files; verified, because a pid file may outlive its process. */
export async function dnsmasqPid(files: NamesFiles): Promise<number | undefined> {
  const pid = Number(await readIfExists(files.pid));
  if (pid > 0 && (await configOf(pid)) === files.config) return pid;
  return undefined;
}

/** Every dnsmasq whose configuration lies below `folder`, also those whose pid file is lost. */
export async function findDnsmasq(folder: string): Promise<Dnsmasq[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = await Promise.all(pids.map(async (pid) => ({ pid, config: await configOf(pid) })));
  return all.filter((process): process is Dnsmasq => process.config?.startsWith(`${folder}/`) ?? false);
}

/**
 * Starts dnsmasq, which goes to the background once it listens; the files are there.
 * @throws BothyError `NETWORK_CONFLICT` when somebody else has the ports.
 */
export async function startDnsmasq(files: NamesFiles): Promise<void> {
  const attempt = async () => {
    const { exitCode, stderr } = await run(["dnsmasq", `--conf-file=${files.config}`], {
      timeoutMs: 10_000,
      okCodes: [0, EXIT_NETWORK],
    });
    return { exitCode, reason: stderr.trim() };
  };
  let result = await attempt();
  for (let tries = 0; result.exitCode === EXIT_NETWORK && tries < BIND_RETRIES; tries++) {
    await systemClock.sleep(BIND_RETRY_MS); // the kernel may still be closing the sockets of one that was killed
    result = await attempt();
  }
  if (result.exitCode === EXIT_NETWORK) throw portsTaken(result.reason);
}

function portsTaken(reason: string): BothyError {
  return new BothyError("NETWORK_CONFLICT", `the project's DNS and DHCP server could not start: ${reason}`, {
    hints: [
      "`ss -lunp '( sport = :53 or sport = :67 )'` shows who listens on every address of this host",
      "let that server bind to its own addresses only (dnsmasq: `bind-interfaces`)",
    ],
  });
}

/** Makes a running dnsmasq read the hosts files again. */
export function reloadDnsmasq(pid: number): void {
  signal(pid, "SIGHUP");
}

/** Ends processes and waits until they are gone; those that are gone already are no error. */
export async function endDnsmasq(processes: readonly Dnsmasq[]): Promise<void> {
  for (const { pid } of processes) signal(pid, "SIGTERM");
  await Promise.all(processes.map(waitUntilGone));
}

/**
 * The account to give up root for; `false` leaves it to dnsmasq. It reads the files again later, so where a folder
 * above them lets only root pass, it has to stay root.
 */
export async function accountFor(folder: string): Promise<string | false> {
  if (!(await isReachable(folder))) return "root";
  const accounts = await readIfExists("/etc/passwd");
  return accounts?.split("\n").some((line) => line.startsWith(`${ACCOUNT}:`)) ? ACCOUNT : false;
}

async function isReachable(folder: string): Promise<boolean> {
  const { mode } = await stat(folder);
  if ((mode & 0o001) === 0) return false;
  return folder === dirname(folder) || isReachable(dirname(folder));
}

async function waitUntilGone({ pid }: Dnsmasq): Promise<void> {
  const probe = {
    title: `the end of dnsmasq (pid ${pid})`,
    attempt: async () => ((await isGone(pid)) ? true : undefined),
  };
  try {
    await waitFor(probe, { timeoutMs: STOP_TIMEOUT_MS, intervalMs: 2 });
  } catch {
    signal(pid, "SIGKILL");
    await waitFor(probe, { timeoutMs: STOP_TIMEOUT_MS, intervalMs: 10 });
  }
}

/** Gone, or a zombie: its sockets are closed. (An empty command line comes earlier than that.) */
async function isGone(pid: number): Promise<boolean> {
  const status = await readIfExists(`/proc/${pid}/stat`).catch(() => undefined); // ESRCH: it ends while we read
  return status === undefined || /\) [ZX] /.test(status);
}

/** The configuration file of a process if it is a dnsmasq; a process that is gone or a zombie has none. */
async function configOf(pid: number): Promise<string | undefined> {
  const [program = "", ...args] = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split(
    "\0",
  );
  if (basename(program) !== "dnsmasq") return undefined;
  return args.find((arg) => arg.startsWith("--conf-file="))?.slice("--conf-file=".length);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!hasErrno(error, "ESRCH")) throw error;
  }
}
