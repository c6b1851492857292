import type { Readable, Writable } from "node:stream";

/** A byte pipe to a libvirt daemon. */
export interface Transport {
  /** What the daemon sends. */
  readonly readable: Readable;
  /** What the daemon gets. */
  readonly writable: Writable;
  /**
   * Settles when the pipe is gone, by whichever side: with why, as far as that is known. Never
   * rejects. All bytes that arrived were given to `readable` before.
   */
  readonly closed: Promise<Error | undefined>;
  /** Ends the pipe at once; more than once is fine. */
  destroy(): void;
}
