import { Duplex } from "node:stream";
import { Limits, type Packet, PacketStatus } from "../protocol/index.ts";
import { readError } from "./reply.ts";

/** Which way the data goes, seen from here. */
export type StreamDirection = "read" | "write" | "both";

/** What a stream needs from its connection. */
export interface StreamPort {
  /** The procedure that opened the stream, for errors. */
  readonly procedure: string;
  /** Sends one packet; `sent` is called when the transport took it, and never after a loss. */
  send(status: number, payload: Buffer, sent?: () => void): void;
  /** The stream became ready for more data, or full. */
  flowChanged(): void;
  /** The stream is over: nothing more is wanted for it. */
  release(): void;
}

/** How much data waits unread in one stream before it counts as full. */
const READ_BUFFER_BYTES = 1024 * 1024;
const NO_DATA = Buffer.alloc(0);

/**
 * The client's end of a libvirt stream. Source: src/rpc/virnetclientstream.c and
 * src/remote/remote_daemon_stream.c, libvirt 9.0.
 *
 * `end()` finishes: 'finish' comes when the server has confirmed that it took all data. `destroy()`
 * aborts. An error of the server destroys the stream with a `LibvirtError`.
 */
export class RpcStream extends Duplex {
  readonly #port: StreamPort;
  readonly #direction: StreamDirection;
  #full = false;
  /** The server has nothing more to say: it confirmed the end, or it failed. */
  #over = false;
  #ended = false;
  #confirmed: (() => void) | undefined;

  constructor(port: StreamPort, direction: StreamDirection) {
    const options = {
      readable: direction !== "write",
      writable: direction !== "read",
      allowHalfOpen: false, // the end of a console is the end of both directions
      readableHighWaterMark: READ_BUFFER_BYTES,
    };
    super(options);
    this.#port = port;
    this.#direction = direction;
    // An error may arrive before the opener has the stream in hand: it must not count as unhandled.
    this.on("error", () => {});
  }

  /** True while nobody reads what has arrived. */
  get full(): boolean {
    return this.#full && !this.destroyed;
  }

  /** Takes a packet of this stream. Throws `XdrError` when an error in it is malformed. */
  receive(packet: Packet): void {
    if (this.#over) return;
    const { status, payload } = packet;
    this.#over = status !== PacketStatus.CONTINUE;
    if (status === PacketStatus.CONTINUE) this.#serverSent(payload);
    else if (status === PacketStatus.OK) this.#serverConfirmed();
    else this.destroy(readError(this.#port.procedure, payload));
  }

  /** The stream was never opened: nothing is sent about it. */
  abandon(): void {
    this.#over = true;
    this.destroy();
  }

  override _read(): void {
    this.#setFull(false);
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const part = chunk.subarray(0, Limits.STREAM_PACKET_BYTES);
    const rest = chunk.subarray(part.length);
    if (part.length === 0) {
      done(); // nothing is sent: an empty packet would mean the end
      return;
    }
    this.#port.send(PacketStatus.CONTINUE, part, () => {
      if (rest.length === 0 || this.destroyed) done();
      else this._write(rest, _encoding, done);
    });
  }

  override _final(done: () => void): void {
    if (this.#over) done();
    else {
      this.#confirmed = done;
      this.#port.send(PacketStatus.OK, NO_DATA);
    }
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#over) this.#port.send(PacketStatus.ERROR, NO_DATA);
    this.#over = true;
    this.#port.release();
    done(error);
  }

  #serverSent(data: Buffer): void {
    if (data.length === 0) this.#serverEnded();
    else if (!this.#ended && this.#direction !== "write") this.#setFull(!this.push(data));
  }

  /** A reader confirms at once, so that 'end' comes after the server's word that all went well. */
  #serverEnded(): void {
    if (this.#ended) return;
    if (this.#direction === "read") {
      this.#ended = true;
      this.#port.send(PacketStatus.OK, NO_DATA);
    } else this.#endReading();
  }

  #serverConfirmed(): void {
    if (this.#direction === "read") this.push(null);
    else this.#endReading();
    this.#confirmed?.();
  }

  #endReading(): void {
    if (!this.#ended && this.#direction === "both") this.push(null);
    this.#ended = true;
  }

  #setFull(full: boolean): void {
    if (this.#full === full) return;
    this.#full = full;
    this.#port.flowChanged();
  }
}
