/** When to ask the server for a sign of life, and when to give up. */
export interface KeepaliveOptions {
  /** The time between pings. */
  readonly intervalMs: number;
  /** How many pings in a row may stay unanswered; anything that arrives counts as an answer. */
  readonly count: number;
}

/** libvirt's own defaults (`keepalive_interval`, `keepalive_count`): gone after about 30 s. */
export const KEEPALIVE_DEFAULTS: KeepaliveOptions = { intervalMs: 5000, count: 5 };

interface KeepalivePeer {
  ping(): void;
  /** The server did not answer in time. */
  dead(): void;
  /** True while this side does not read: silence then says nothing about the server. */
  deaf(): boolean;
}

/**
 * Pings the server and reports when it stays silent. The timer never keeps the process alive.
 * Source: src/rpc/virkeepalive.c, libvirt 9.0.
 */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  readonly #peer: KeepalivePeer;
  readonly #timer: NodeJS.Timeout;
  #unanswered = 0;

  constructor(options: KeepaliveOptions, peer: KeepalivePeer) {
    this.#options = options;
    this.#peer = peer;
    this.#timer = setInterval(() => this.#tick(), options.intervalMs);
    this.#timer.unref();
  }

  /** Something arrived. */
  heard(): void {
    this.#unanswered = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    if (this.#peer.deaf()) this.heard();
    else if (this.#unanswered === this.#options.count) this.#peer.dead();
    else {
      this.#unanswered += 1;
      this.#peer.ping();
    }
  }
}
