import { connect } from "node:net";
import { BothyError } from "../../../errors.ts";
import { isExecutable, missingTool, run, statIfExists, systemClock, waitFor } from "../../../system/index.ts";
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
  // A second daemon ends with an error over the first one's pid file; what counts is that one answers.
  const { stderr } = await run([program, "--daemon"], { okCodes: [0, 1], timeoutMs: START_TIMEOUT_MS });
  await waitFor(
    {
      title: `${program} to answer at ${socket}`,
      attempt: async () => ((await answers(socket)) ? true : undefined),
      evidence: async () => stderr.trim() || undefined,
    },
    { timeoutMs: START_TIMEOUT_MS, intervalMs: 20, signal: context.signal, clock: systemClock },
  ).catch((cause) => {
    if (context.signal?.aborted) throw cause;
    throw new BothyError("DAEMON_UNREACHABLE", `\`${program}\` was started and does not answer`, {
      hints: [`run it in the foreground to see why: \`${program} --verbose\``],
      cause,
    });
  });
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
