import { homedir } from "node:os";
import { join } from "node:path";
import type { LibvirtUri } from "./uri.ts";

/** The variables that say where a user's sockets are: XDG_RUNTIME_DIR and XDG_CACHE_HOME. */
export type SocketEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * The sockets to try for a local URI, best first: the driver's own daemon, then the monolithic
 * one. Source: src/remote/remote_sockets.c, libvirt 9.0.
 */
export function socketPaths(uri: LibvirtUri, env: SocketEnvironment = {}): string[] {
  const explicit = uri.parameters.get("socket");
  if (explicit !== undefined) return [explicit];
  const directories = uri.mode === "system" ? ["/run/libvirt"] : sessionDirectories(env);
  return directories.flatMap((directory) => [
    join(directory, `virt${uri.driver}d-sock`),
    join(directory, "libvirt-sock"),
  ]);
}

/**
 * libvirt uses the runtime directory, or the cache directory when there is none. Without being told
 * which, the one that logind makes for every login is the first guess.
 */
function sessionDirectories(env: SocketEnvironment): string[] {
  const cache = join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "libvirt");
  const runtime = env["XDG_RUNTIME_DIR"];
  if (runtime) return [join(runtime, "libvirt")];
  return [`/run/user/${process.getuid?.() ?? 0}/libvirt`, cache];
}
