export { openTransport } from "./open.ts";
export { type SocketEnvironment, socketPaths } from "./socket-path.ts";
export { openSsh, type SshOptions } from "./ssh.ts";
export { remoteCommand, sshArguments } from "./ssh-command.ts";
export type { Transport } from "./transport.ts";
export { openUnix } from "./unix.ts";
export { type LibvirtUri, parseUri } from "./uri.ts";
