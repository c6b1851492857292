import { socketPaths } from "./socket-path.ts";
import { openSsh, type SshOptions } from "./ssh.ts";
import type { Transport } from "./transport.ts";
import { openUnix } from "./unix.ts";
import type { LibvirtUri } from "./uri.ts";

/** Opens the pipe that a URI asks for. Throws `ConnectError`, or the signal's reason. */
export async function openTransport(
  uri: LibvirtUri,
  options: { readonly ssh?: SshOptions; readonly signal?: AbortSignal },
): Promise<Transport> {
  options.signal?.throwIfAborted();
  if (uri.transport === "ssh") return openSsh(uri, options.ssh);
  return openUnix(socketPaths(uri, process.env), options.signal);
}
