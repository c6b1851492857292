import { ConnectionLostError, type LossReason, ProtocolError } from "../errors/index.ts";
import {
  type Packet,
  type PacketHeader,
  PacketStatus,
  PacketType,
  Program,
  packetHead,
  parsePacket,
} from "../protocol/index.ts";
import type { Transport } from "../transport/index.ts";
import { XdrError } from "../xdr/index.ts";
import { FrameReader } from "./frame-reader.ts";
import { Keepalive, type KeepaliveOptions } from "./keepalive.ts";

/** Who uses a channel. */
export interface ChannelUser {
  /** A packet other than keepalive. `ProtocolError` and `XdrError` end the channel. */
  packet(packet: Packet): void;
  /** The channel ended; called once. */
  lost(loss: ConnectionLostError): void;
}

/** Keepalive's procedures. Source: src/rpc/virkeepaliveprotocol.x, libvirt 9.0. */
const PING = 1;
const PONG = 2;
const NO_PAYLOAD = Buffer.alloc(0);

/** Packets over a transport that it owns, with keepalive in both directions. */
export class PacketChannel {
  readonly #transport: Transport;
  readonly #user: ChannelUser;
  readonly #frames = new FrameReader();
  readonly #keepalive: Keepalive | undefined;
  #loss: ConnectionLostError | undefined;

  constructor(transport: Transport, user: ChannelUser, keepalive: KeepaliveOptions | undefined) {
    this.#transport = transport;
    this.#user = user;
    this.#keepalive = keepalive && this.#startKeepalive(keepalive);
    transport.readable.on("data", (chunk: Buffer) => this.#receive(chunk));
    transport.readable.on("error", () => {}); // `closed` tells why
    void transport.closed.then((cause) => {
      this.drop("transport", `the libvirt daemon hung up${cause ? `: ${cause.message}` : ""}`, cause);
    });
  }

  /** Why the channel ended, or `undefined` while it works. */
  get loss(): ConnectionLostError | undefined {
    return this.#loss;
  }

  /** Sends a packet; `sent` is called when the transport took it. Does nothing after the end. */
  send(header: PacketHeader, payload: Buffer, sent?: () => void): void {
    if (this.#loss) return;
    const { writable } = this.#transport;
    const done = (error?: Error | null) => {
      if (!error) sent?.();
    };
    const head = packetHead(header, payload.length);
    if (payload.length === 0) {
      writable.write(head, done);
      return;
    }
    writable.cork();
    writable.write(head);
    writable.write(payload, done);
    writable.uncork();
  }

  /** Stops or goes on reading, so that a slow reader slows the server down. */
  setReading(reading: boolean): void {
    const { readable } = this.#transport;
    if (reading === readable.isPaused()) readable[reading ? "resume" : "pause"]();
  }

  /** Ends the channel; the first reason stays. */
  drop(reason: LossReason, message: string, cause?: Error): void {
    if (this.#loss) return;
    this.#loss = new ConnectionLostError(reason, message, cause && { cause });
    this.#keepalive?.stop();
    this.#transport.destroy();
    this.#user.lost(this.#loss);
  }

  /** Settles when the transport is gone. */
  async gone(): Promise<void> {
    await this.#transport.closed;
  }

  #receive(chunk: Buffer): void {
    if (this.#loss) return; // a transport may still hand out what it had read
    this.#keepalive?.heard();
    try {
      for (const frame of this.#frames.push(chunk)) {
        if (this.#loss) return;
        this.#dispatch(parsePacket(frame));
      }
    } catch (error) {
      if (!(error instanceof ProtocolError || error instanceof XdrError)) throw error;
      this.drop("protocol", `the libvirt daemon broke the protocol: ${error.message}`, error);
    }
  }

  #dispatch(packet: Packet): void {
    if (packet.program !== Program.KEEPALIVE) this.#user.packet(packet);
    else if (packet.procedure === PING) this.#sendKeepalive(PONG);
  }

  #startKeepalive(options: KeepaliveOptions): Keepalive {
    return new Keepalive(options, {
      ping: () => this.#sendKeepalive(PING),
      dead: () => this.drop("keepalive", "the libvirt daemon does not answer"),
      deaf: () => this.#transport.readable.isPaused(),
    });
  }

  #sendKeepalive(procedure: number): void {
    const { MESSAGE: type } = PacketType;
    this.send(
      { program: Program.KEEPALIVE, procedure, type, serial: 0, status: PacketStatus.OK },
      NO_PAYLOAD,
    );
  }
}
