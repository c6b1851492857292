import { ConnectError, ConnectionLostError } from "../errors/index.ts";
import type { KeepaliveOptions } from "../rpc/index.ts";
import {
  type LibvirtUri,
  openTransport,
  parseUri,
  type SocketEnvironment,
  type SshOptions,
} from "../transport/index.ts";
import type { LibvirtClient } from "./client.ts";
import { openClient } from "./open-client.ts";

/** What to connect to and how. */
export interface ConnectOptions {
  /** `qemu:///system`, `qemu:///session` or `qemu+ssh://[user@]host[:port]/system`. */
  readonly uri: string;
  /** The daemon's socket, instead of the usual places; as the URI's `socket` parameter. */
  readonly socket?: string;
  /**
   * Where a user's sockets are, for a session URI: pass XDG_RUNTIME_DIR if it is set. Without it,
   * /run/user/<uid> and ~/.cache are tried.
   */
  readonly env?: SocketEnvironment;
  /** Pings to the server; `false` for none. Pings of the server are always answered. */
  readonly keepalive?: KeepaliveOptions | false;
  /** How ssh is run, for `+ssh` URIs. */
  readonly ssh?: SshOptions;
  /** Gives up connecting; no effect once connected. */
  readonly signal?: AbortSignal;
}

/**
 * Connects, authenticates and opens the URI. Rejects with `ConnectError`, with `LibvirtError` when
 * the server refuses (AUTH_FAILED, NO_CONNECT ...), or with the signal's reason.
 */
export async function connect(options: ConnectOptions): Promise<LibvirtClient> {
  const uri = withSocket(parseUri(options.uri), options.socket);
  const transport = await openTransport(uri, options);
  try {
    return await openClient(transport, uri.remoteName, options);
  } catch (error) {
    throw error instanceof ConnectionLostError ? notConnected(options.uri, uri, error) : error;
  }
}

function withSocket(uri: LibvirtUri, socket: string | undefined): LibvirtUri {
  if (socket === undefined) return uri;
  return { ...uri, parameters: new Map([...uri.parameters, ["socket", socket]]) };
}

function notConnected(text: string, uri: LibvirtUri, loss: ConnectionLostError): ConnectError {
  const reason = uri.transport === "ssh" ? "ssh" : "unreachable";
  return new ConnectError(reason, `cannot connect to ${text}: ${loss.message}`, { cause: loss });
}
