import type { ExecRequest, Management } from "../../provider.ts";
import { commandLine } from "./command.ts";

/** The pinned host key, as ssh wants it: a file with a line that begins with `alias`. */
export interface PinnedHost {
  readonly alias: string;
  readonly knownHosts: string;
}

/** The system's ssh with a terminal, all its settings ours: no user configuration, no agent, no trust at first sight. */
export function terminalCommand(
  { address, port, privateKey }: Management,
  { alias, knownHosts }: PinnedHost,
  request: ExecRequest,
): string[] {
  const options = {
    LogLevel: "ERROR",
    BatchMode: "yes",
    IdentitiesOnly: "yes",
    IdentityFile: quote(privateKey),
    IdentityAgent: "none",
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: quote(knownHosts),
    GlobalKnownHostsFile: "/dev/null",
    HostKeyAlias: alias,
    ConnectTimeout: "10",
    ServerAliveInterval: "5",
  };
  return [
    ...["ssh", "-F", "none", "-t", "-e", "none", "-p", String(port), "-l", "root"],
    ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
    ...[address, commandLine(request)],
  ];
}

/** ssh splits values at blanks and expands `%`. */
function quote(path: string): string {
  return `"${path.replaceAll("%", "%%")}"`;
}
