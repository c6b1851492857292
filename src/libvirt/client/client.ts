import { createDomains, type Domains } from "../domains/index.ts";
import type { ConnectionLostError } from "../errors/index.ts";
import { Remote } from "../protocol/index.ts";
import type { RpcConnection } from "../rpc/index.ts";
import { createStorage, type Storage } from "../storage/index.ts";
import { createHost, type Host } from "./host.ts";

/** How long the server gets to answer the good-bye. */
const CLOSE_TIMEOUT_MS = 2000;

/**
 * An open connection to a libvirt daemon; get one from `connect`. Calls run at once, in any number;
 * each fails alone. An open client keeps the process alive: close or dispose it.
 */
export class LibvirtClient implements AsyncDisposable {
  readonly domains: Domains;
  readonly storage: Storage;
  /** What the daemon says about itself and its host. */
  readonly host: Host;
  readonly #rpc: RpcConnection;
  #closing: Promise<void> | undefined;

  /** For `connect`; the connection must be authenticated and open. */
  constructor(rpc: RpcConnection) {
    this.#rpc = rpc;
    this.domains = createDomains(rpc);
    this.storage = createStorage(rpc);
    this.host = createHost(rpc);
  }

  /** Settles, never rejects, with the reason when the connection has ended, by whichever side. */
  get lost(): Promise<ConnectionLostError> {
    return this.#rpc.lost;
  }

  /**
   * Says good-bye and closes; calls, streams and subscriptions that are still open get
   * `ConnectionLostError`. Never rejects; idempotent; fine after the connection is lost.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const goodbye = this.#rpc.call(Remote.CONNECT_CLOSE, undefined, {
      signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS),
    });
    await goodbye.catch(() => {}); // closing goes on without it
    await this.#rpc.close();
  }
}
