import { ProtocolError } from "../errors/index.ts";
import type { Packet, Procedure } from "../protocol/index.ts";

interface PendingCall {
  readonly procedure: Procedure<unknown, unknown>;
  resolve(packet: Packet): void;
  reject(error: unknown): void;
}

/** The calls that wait for a reply, by serial number. */
export class PendingCalls {
  readonly #calls = new Map<number, PendingCall>();

  get size(): number {
    return this.#calls.size;
  }

  has(serial: number): boolean {
    return this.#calls.has(serial);
  }

  /** Waits for the reply to `serial`. When `signal` fires, it rejects with the signal's reason. */
  wait(
    serial: number,
    procedure: Procedure<unknown, unknown>,
    signal: AbortSignal | undefined,
  ): Promise<Packet> {
    return new Promise((resolve, reject) => {
      const abort = () => call.reject(signal?.reason);
      const settle = () => {
        this.#calls.delete(serial);
        signal?.removeEventListener("abort", abort);
      };
      const call: PendingCall = {
        procedure,
        resolve: (packet) => {
          settle();
          resolve(packet);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      this.#calls.set(serial, call);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /**
   * Takes a reply. One that nobody waits for belonged to an aborted call and is dropped. Throws
   * `ProtocolError` when it answers another procedure than the one called.
   */
  reply(packet: Packet): void {
    const call = this.#calls.get(packet.serial);
    if (!call) return;
    const { name, program, number } = call.procedure;
    if (packet.program !== program || packet.procedure !== number) {
      throw new ProtocolError(`reply ${packet.serial} to ${name} is for procedure ${packet.procedure}`);
    }
    call.resolve(packet);
  }

  /** Ends every call with the same error. */
  rejectAll(error: Error): void {
    for (const call of [...this.#calls.values()]) call.reject(error);
  }
}
