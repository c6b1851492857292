import { Remote } from "../protocol/index.ts";
import { authenticate, KEEPALIVE_DEFAULTS, type KeepaliveOptions, RpcConnection } from "../rpc/index.ts";
import type { Transport } from "../transport/index.ts";
import { LibvirtClient } from "./client.ts";

/** How a connection is opened over a transport. */
export interface OpenOptions {
  readonly keepalive?: KeepaliveOptions | false;
  readonly signal?: AbortSignal;
}

/**
 * Authenticates and opens `name` (e.g. `qemu:///system`). It owns the transport: on failure it is
 * gone. Rejects with `ConnectError`, `LibvirtError`, `ConnectionLostError` or the signal's reason.
 */
export async function openClient(
  transport: Transport,
  name: string,
  { keepalive = KEEPALIVE_DEFAULTS, signal }: OpenOptions = {},
): Promise<LibvirtClient> {
  const rpc = new RpcConnection(transport, keepalive || undefined);
  try {
    await authenticate(rpc, { signal });
    await rpc.call(Remote.CONNECT_OPEN, { name, flags: 0 }, { signal });
    return new LibvirtClient(rpc);
  } catch (error) {
    await rpc.close();
    throw error;
  }
}
