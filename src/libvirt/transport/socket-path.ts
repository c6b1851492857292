import { homedir } from "node:os";
import { join } from "node:path";
import type { LibvirtUri } from "./uri.ts";

/** The variables that say where a user's sockets are. */
export type SocketEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * The sockets to try for a local URI, best first: the driver's own daemon, then the monolithic
 * one. Source: src/remote/remote_sockets.c, libvirt 9.0.
 */
export function socketPaths(uri: LibvirtUri, env: SocketEnvironment): string[] {
  const explicit = uri.parameters.get("socket");
  if (explicit !== undefined) return [explicit];
  const directory = uri.mode === "system" ? "/run/libvirt" : join(userRuntimeDirectory(env), "libvirt");
  return [join(directory, `virt${uri.driver}d-sock`), join(directory, "libvirt-sock")];
}

/** `g_get_user_runtime_dir`, which libvirt uses, falls back to the cache directory. */
function userRuntimeDirectory(env: SocketEnvironment): string {
  return env["XDG_RUNTIME_DIR"] || env["XDG_CACHE_HOME"] || join(env["HOME"] || homedir(), ".cache");
}
