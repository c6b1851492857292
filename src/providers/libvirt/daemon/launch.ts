import { connect } from "node:net";
import { BothyError } from "../../../errors.ts";
import { asset, isExecutable, missingTool, start, statIfExists, waitFor } from "../../../system/index.ts";
import type { RunContext } from "../../provider.ts";

/** Where the daemons listen; tests point elsewhere. */
export interface DaemonPaths {
  readonly sockets: string;
  /** Exists exactly where systemd is pid 1. */
  readonly systemd: string;
}

/** The places of every distribution since libvirt 6. */
export const daemonPaths: DaemonPaths = { sockets: "/run/libvirt", systemd: "/run/systemd/system" };

const SYSTEM_FOLDERS = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/sbin"];
/** The driver's own daemon where a distribution has split them, else the one for everything. */
const DAEMONS = ["virtqemud", "libvirtd"] as const;
const START_TIMEOUT_MS = 20_000;
/** The number of prctl(2). */
const PRCTL: Partial<Record<NodeJS.Architecture, number>> = { x64: 157, arm64: 167 };

/** The daemon that is installed, or `undefined`. */
export async function installedDaemon(): Promise<{ name: string; path: string } | undefined> {
  for (const name of DAEMONS) {
    const path = await findProgram(name);
    if (path) return { name, path };
  }
  return undefined;
}

/** Whether systemd runs this host, and so its daemons. */
export async function hasSystemd(paths: DaemonPaths = daemonPaths): Promise<boolean> {
  return (await statIfExists(paths.systemd)) !== undefined;
}

/**
 * Starts virtlogd and libvirt's daemon on a host without systemd, and waits for their sockets.
 * Harmless when another process does the same: the daemons hold pid files. Nothing is ever stopped by us.
 * @throws BothyError `TOOL_MISSING`; `DAEMON_UNREACHABLE` where systemd should do it or we may not.
 */
export async function launchDaemon(context: RunContext, paths: DaemonPaths = daemonPaths): Promise<void> {
  const daemon = await installedDaemon();
  if (!daemon) throw missingTool("libvirtd");
  if (await hasSystemd(paths)) throw leftToSystemd(daemon.name);
  if (process.getuid?.() !== 0) throw notRoot(daemon.name);
  context.report?.(`starting virtlogd and ${daemon.name}: no systemd here to do it`);
  await launchLogDaemon(context, paths);
  const socket = `${paths.sockets}/${daemon.name === "libvirtd" ? "libvirt" : daemon.name}-sock`;
  await launch(daemon.path, socket, context);
}

/** Starts virtlogd where nobody else would: QEMU's console and messages go through it. */
export async function launchLogDaemon(context: RunContext, paths: DaemonPaths = daemonPaths): Promise<void> {
  const program = await findProgram("virtlogd");
  const socket = `${paths.sockets}/virtlogd-sock`;
  if (!program || (await hasSystemd(paths)) || (await answers(socket))) return;
  await launch(program, socket, context);
}

/** Whether somebody accepts connections there. */
export function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const attempt = connect(socket);
    const settle = (value: boolean) => {
      attempt.destroy();
      resolve(value);
    };
    attempt.once("connect", () => settle(true));
    attempt.once("error", () => settle(false));
  });
}

async function launch(program: string, socket: string, context: RunContext): Promise<void> {
  const child = start([...(await reaper()), program, "--daemon"], {
    stdio: "ignore",
    detached: true,
    cwd: "/",
  });
  child.on("error", () => {}); // what counts is that one answers, ours or another's
  child.unref();
  await waitFor(
    { title: socket, attempt: async () => ((await answers(socket)) ? true : undefined) },
    { timeoutMs: START_TIMEOUT_MS, intervalMs: 20, signal: context.signal },
  ).catch((cause) => {
    if (context.signal?.aborted) throw cause;
    throw new BothyError("DAEMON_UNREACHABLE", `\`${program}\` was started and does not answer`, {
      hints: [`run it in the foreground to see why: \`${program} --verbose\``],
      cause,
    });
  });
}

/**
 * What collects the QEMUs that a daemon leaves behind, since pid 1 without systemd may do so late or never:
 * 1.7 s late makes each stop 1.7 s longer. Without perl it goes without.
 */
async function reaper(): Promise<string[]> {
  const prctl = PRCTL[process.arch];
  const perl = await findProgram("perl");
  return perl && prctl ? [perl, asset("templates", "libvirt", "reaper.pl"), String(prctl)] : [];
}

async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of SYSTEM_FOLDERS) {
    if (await isExecutable(`${folder}/${name}`)) return `${folder}/${name}`;
  }
  return undefined;
}

function leftToSystemd(daemon: string): BothyError {
  return new BothyError("DAEMON_UNREACHABLE", `${daemon} is installed and does not answer`, {
    hints: [`systemctl start ${daemon}.socket`, `systemctl status ${daemon}.service`],
  });
}

function notRoot(daemon: string): BothyError {
  return new BothyError("DAEMON_UNREACHABLE", `${daemon} does not run, and only root can start it`, {
    hints: [`as root: \`virtlogd --daemon; ${daemon} --daemon\``],
  });
}
