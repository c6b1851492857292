import { join } from "node:path";
import { ensureFolder, writeFileAtomic } from "../system/index.ts";
import type { SshTarget } from "./session.ts";

/** A target for the system's `ssh`, with files it can read. */
export interface OpenSshTarget extends SshTarget {
  /** Name to show and to pin the key under, such as `web.shop.internal`. */
  readonly alias: string;
  /** Folder for the generated known_hosts. */
  readonly folder: string;
}

/**
 * The argv that gives the caller's terminal to a login shell, or to `command`, through the system's ssh.
 * Only our key and only the pinned host key are used; the user's own configuration still applies where it does not clash.
 */
export async function sshCommand(target: OpenSshTarget, command: readonly string[] = []): Promise<string[]> {
  const knownHosts = await writeKnownHosts(target);
  const options = {
    HostName: target.host,
    Port: String(target.port),
    User: target.user,
    IdentityFile: pathValue(target.identityFile),
    IdentitiesOnly: "yes",
    HostKeyAlias: target.alias,
    UserKnownHostsFile: pathValue(knownHosts),
    GlobalKnownHostsFile: "/dev/null",
    StrictHostKeyChecking: "yes",
    PasswordAuthentication: "no",
    LogLevel: "ERROR",
  };
  const flags = Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  return ["ssh", ...flags, target.alias, ...(command.length > 0 ? ["--", ...command] : [])];
}

async function writeKnownHosts(target: OpenSshTarget): Promise<string> {
  const path = join(target.folder, "known_hosts");
  await ensureFolder(target.folder, 0o700);
  await writeFileAtomic(path, `${target.alias} ${target.hostKey}\n`, 0o600);
  return path;
}

/** A path as ssh reads it in an option: quoted, because blanks separate files, and without tokens such as `%h`. */
function pathValue(path: string): string {
  return `"${path.replaceAll("%", "%%")}"`;
}
