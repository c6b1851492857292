import { type SocketEnvironment, socketPaths } from "./socket-path.ts";
import { openSsh, type SshOptions } from "./ssh.ts";
import type { Transport } from "./transport.ts";
import { openUnix } from "./unix.ts";
import type { LibvirtUri } from "./uri.ts";

/** What the transports need to know besides the URI. */
export interface TransportOptions {
  readonly env?: SocketEnvironment;
  readonly ssh?: SshOptions;
  readonly signal?: AbortSignal;
}

/** Opens the pipe that a URI asks for. Throws `ConnectError`, or the signal's reason. */
export async function openTransport(uri: LibvirtUri, options: TransportOptions): Promise<Transport> {
  options.signal?.throwIfAborted();
  if (uri.transport === "ssh") return openSsh(uri, options.ssh);
  return openUnix(socketPaths(uri, options.env), options.signal);
}
