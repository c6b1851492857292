import type { LibvirtUri } from "./uri.ts";

/** The socket of the monolithic daemon, where `nc` is pointed: the remote side cannot be probed. */
const REMOTE_SOCKET = "/var/run/libvirt/libvirt-sock";

/**
 * The arguments of `ssh` for a URI, as `virNetSocketNewConnectSSH` builds them
 * (src/rpc/virnetsocket.c, libvirt 9.0). `extra` goes before them, so that it wins.
 */
export function sshArguments(uri: LibvirtUri, extra: readonly string[] = []): string[] {
  const keyfile = uri.parameters.get("keyfile");
  return [
    ...extra,
    ...(uri.port === undefined ? [] : ["-p", String(uri.port)]),
    ...(uri.user === undefined ? [] : ["-l", uri.user]),
    ...(keyfile === undefined ? [] : ["-i", keyfile]),
    ...["-T", "-e", "none"],
    ...(isSet(uri, "no_tty") ? ["-o", "BatchMode=yes"] : []),
    ...(isSet(uri, "no_verify") ? ["-o", "StrictHostKeyChecking=no"] : []),
    ...["--", uri.host, remoteCommand(uri)],
  ];
}

/**
 * The command for the remote user's shell: `virt-ssh-helper` where it is installed, else `nc`,
 * as `virNetClientSSHHelperCommand` chooses (src/rpc/virnetclient.c). A socket or a netcat in the
 * URI means `nc`; a session URI means the helper, which alone can find that socket.
 */
export function remoteCommand(uri: LibvirtUri): string {
  const helper = `exec virt-ssh-helper ${quote(uri.remoteName)}`;
  const netcat = netcatCommand(uri);
  const script = {
    auto: `if command -v virt-ssh-helper >/dev/null 2>&1; then ${helper}; else ${netcat}; fi`,
    netcat,
    native: helper,
  }[chooseProxy(uri)];
  return `sh -c ${quote(script)}`;
}

function chooseProxy(uri: LibvirtUri): "auto" | "netcat" | "native" {
  const explicit = uri.parameters.get("proxy");
  if (explicit === "netcat" || explicit === "native") return explicit;
  if (uri.parameters.has("socket") || uri.parameters.has("netcat")) return "netcat";
  return uri.mode === "session" ? "native" : "auto";
}

/** Some netcats need `-q0` to end with their input; those complain that `-q` lacks its argument. */
function netcatCommand(uri: LibvirtUri): string {
  const netcat = quote(uri.parameters.get("netcat") ?? "nc");
  const socket = quote(uri.parameters.get("socket") ?? REMOTE_SOCKET);
  const probe = `${netcat} -q 2>&1 | grep "requires an argument" >/dev/null 2>&1`;
  return `if ${probe}; then exec ${netcat} -q0 -U ${socket}; else exec ${netcat} -U ${socket}; fi`;
}

function isSet(uri: LibvirtUri, name: string): boolean {
  const value = uri.parameters.get(name);
  return value !== undefined && value !== "0";
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
