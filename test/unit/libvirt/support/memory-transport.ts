import { type Duplex, duplexPair } from "node:stream";
import type { Transport } from "../../../../src/libvirt/transport/index.ts";

/** A transport without a system underneath, and the daemon's end of it. */
export interface MemoryTransport {
  readonly transport: Transport;
  /** `end()` hangs up, as a daemon does. */
  readonly peer: Duplex;
  /** Whether the client let go of the transport. */
  destroyed(): boolean;
}

export function memoryTransport(): MemoryTransport {
  const [near, peer] = duplexPair();
  const closed = new Promise<undefined>((resolve) => {
    near.once("end", () => resolve(undefined));
    near.once("close", () => resolve(undefined));
  });
  return {
    transport: { readable: near, writable: near, closed, destroy: () => near.destroy() },
    peer,
    destroyed: () => near.destroyed,
  };
}
