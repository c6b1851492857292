import { hasErrno } from "../../../errors.ts";
import { ConnectError, connect, type LibvirtClient } from "../../../libvirt/index.ts";
import { environment, type Layout, lock } from "../../../system/index.ts";
import type { RunContext } from "../../provider.ts";
import { translate } from "./errors.ts";
import { type DaemonPaths, daemonPaths, launchDaemon } from "./launch.ts";

/** Which daemon, and whether it may be started. */
export interface DaemonTarget {
  readonly layout: Layout;
  readonly uri?: string | undefined;
  readonly paths?: DaemonPaths | undefined;
}

const DEFAULT_URI = "qemu:///system";

/** The daemon's URI: as given, else `$BOTHY_LIBVIRT_URI`, else the host's own. */
export function daemonUri(target: DaemonTarget): string {
  return target.uri ?? environment("BOTHY_LIBVIRT_URI") ?? DEFAULT_URI;
}

/** Whether it is the host's own: the only one that may be started. */
export function isDefaultDaemon(target: DaemonTarget): boolean {
  return daemonUri(target) === DEFAULT_URI;
}

/**
 * A connection, or `undefined` when nobody listens. Starts nothing.
 * @throws BothyError when something listens and does not let us in.
 */
export async function tryConnect(
  target: DaemonTarget,
  signal?: AbortSignal,
): Promise<LibvirtClient | undefined> {
  try {
    return await connect({ uri: daemonUri(target), ...(signal ? { signal } : {}) });
  } catch (error) {
    if (error instanceof ConnectError && hasErrno(error.cause, "ENOENT", "ECONNREFUSED")) return undefined;
    throw translate(error, "open a connection");
  }
}

/**
 * A connection; starts the daemons first where nobody listens and nobody else would start them.
 * @throws BothyError `TOOL_MISSING`, `DAEMON_UNREACHABLE`.
 */
export async function connectOrLaunch(
  target: DaemonTarget,
  context: RunContext = {},
): Promise<LibvirtClient> {
  const client = await tryConnect(target, context.signal);
  if (client) return client;
  if (isDefaultDaemon(target)) await launchOnce(target, context);
  try {
    return await connect({ uri: daemonUri(target), ...(context.signal ? { signal: context.signal } : {}) });
  } catch (error) {
    throw translate(error, "open a connection");
  }
}

async function launchOnce(target: DaemonTarget, context: RunContext): Promise<void> {
  await using _held = await lock(target.layout.lock("daemon"), { signal: context.signal });
  const started = await tryConnect(target, context.signal); // by the lock's last holder
  if (started) return started.close();
  await launchDaemon(context, target.paths ?? daemonPaths);
}
