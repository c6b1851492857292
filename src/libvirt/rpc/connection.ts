import { type ConnectionLostError, ProtocolError } from "../errors/index.ts";
import {
  Limits,
  type Message,
  type Packet,
  PacketStatus,
  PacketType,
  type Procedure,
} from "../protocol/index.ts";
import type { Transport } from "../transport/index.ts";
import { encode } from "../xdr/index.ts";
import type { KeepaliveOptions } from "./keepalive.ts";
import { MessageListeners } from "./message-listeners.ts";
import { OpenStreams } from "./open-streams.ts";
import { PacketChannel } from "./packet-channel.ts";
import { PendingCalls } from "./pending-calls.ts";
import { readReply } from "./reply.ts";
import type { RpcStream, StreamDirection } from "./stream.ts";
import { untilAborted } from "./until-aborted.ts";

/** What can be said about one call. */
export interface CallOptions {
  /**
   * Stops waiting: the call rejects with the signal's reason. The server is not told and may still
   * carry the call out.
   */
  readonly signal?: AbortSignal | undefined;
}

const MAX_SERIAL = 0xffff_ffff;

/**
 * One connection: calls in flight at once, messages and streams over one transport.
 *
 * It owns the transport. When it ends, everything that waits gets the same `ConnectionLostError`.
 */
export class RpcConnection {
  /** Settles, never rejects, with the reason when the connection has ended. */
  readonly lost: Promise<ConnectionLostError>;
  readonly #channel: PacketChannel;
  readonly #calls = new PendingCalls();
  readonly #streams: OpenStreams;
  readonly #listeners = new MessageListeners();
  readonly #lossHandlers = new Set<(loss: ConnectionLostError) => void>();
  #serial = 0;

  constructor(transport: Transport, keepalive?: KeepaliveOptions) {
    this.lost = new Promise((resolve) => {
      this.onLost(resolve);
    });
    const user = {
      packet: (packet: Packet) => this.#dispatch(packet),
      lost: (loss: ConnectionLostError) => this.#end(loss),
    };
    this.#channel = new PacketChannel(transport, user, keepalive);
    this.#streams = new OpenStreams(this.#channel, () => this.#updateFlow());
  }

  /**
   * Calls a procedure. Rejects with `LibvirtError` (the server's), `XdrError` (arguments that cannot
   * be sent, or a reply that cannot be read), `ConnectionLostError`, or the signal's reason.
   */
  async call<A, R>(procedure: Procedure<A, R>, args: A, options: CallOptions = {}): Promise<R> {
    return this.#call(procedure, args, this.#nextSerial(), options.signal);
  }

  /**
   * Calls a procedure that opens a stream. Rejects as `call` does; the signal covers the opening,
   * and a stream that opens after it fired is aborted.
   */
  async openStream<A>(
    procedure: Procedure<A, void>,
    args: A,
    direction: StreamDirection,
    options: CallOptions = {},
  ): Promise<RpcStream> {
    options.signal?.throwIfAborted();
    const serial = this.#nextSerial();
    const stream = this.#streams.add(procedure, direction, serial);
    const opened = this.#call(procedure, args, serial).catch((error: unknown) => {
      stream.abandon();
      throw error;
    });
    try {
      await untilAborted(opened, options.signal);
    } catch (error) {
      opened.then(
        () => stream.destroy(),
        () => {},
      );
      throw error;
    }
    return stream;
  }

  /** Calls `handler` for each such message until the returned function is called. */
  onMessage<P>(message: Message<P>, handler: (payload: P) => void): () => void {
    return this.#listeners.add(message, handler);
  }

  /** Calls `handler` once if the connection ends, until the returned function is called. */
  onLost(handler: (loss: ConnectionLostError) => void): () => void {
    this.#lossHandlers.add(handler);
    return () => this.#lossHandlers.delete(handler);
  }

  /** Ends the connection at once and waits until the transport is gone. Idempotent. */
  async close(): Promise<void> {
    this.#channel.drop("closed", "the connection was closed");
    await this.#channel.gone();
  }

  async #call<A, R>(procedure: Procedure<A, R>, args: A, serial: number, signal?: AbortSignal): Promise<R> {
    if (this.#channel.loss) throw this.#channel.loss;
    signal?.throwIfAborted();
    const payload = encode(procedure.args, args, Limits.MESSAGE_BYTES - Limits.HEADER_BYTES);
    const reply = this.#calls.wait(serial, procedure, signal);
    const { program, number } = procedure;
    const header = { program, procedure: number, type: PacketType.CALL, serial, status: PacketStatus.OK };
    this.#channel.send(header, payload);
    this.#updateFlow();
    try {
      return readReply(procedure, await reply); // here, so that errors show the caller's stack
    } finally {
      this.#updateFlow();
    }
  }

  #dispatch(packet: Packet): void {
    if (packet.type === PacketType.REPLY) this.#calls.reply(packet);
    else if (packet.type === PacketType.STREAM) this.#streams.receive(packet);
    else if (packet.type === PacketType.MESSAGE) this.#listeners.dispatch(packet);
    else throw new ProtocolError(`packet type ${packet.type}`);
  }

  #end(loss: ConnectionLostError): void {
    this.#calls.rejectAll(loss);
    this.#streams.destroyAll(loss);
    for (const handler of [...this.#lossHandlers]) handler(loss);
  }

  #updateFlow(): void {
    if (!this.#channel.loss) this.#channel.setReading(!this.#streams.mustPause(this.#calls.size));
  }

  /** Serial numbers wrap; one that is still in use is skipped. */
  #nextSerial(): number {
    do {
      this.#serial = this.#serial === MAX_SERIAL ? 1 : this.#serial + 1;
    } while (this.#calls.has(this.#serial) || this.#streams.has(this.#serial));
    return this.#serial;
  }
}
