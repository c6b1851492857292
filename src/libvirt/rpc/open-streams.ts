import type { ConnectionLostError } from "../errors/index.ts";
import { type Packet, PacketType, type Procedure } from "../protocol/index.ts";
import type { PacketChannel } from "./packet-channel.ts";
import { RpcStream, type StreamDirection } from "./stream.ts";

/**
 * Past this much unread data in one stream, reading stops even while calls are in flight. It is the
 * most that one careless reader can make the process hold, give or take one read.
 */
const BACKLOG_LIMIT_BYTES = 32 * 1024 * 1024;

/** The streams of one connection, by serial number. */
export class OpenStreams {
  readonly #streams = new Map<number, RpcStream>();
  readonly #channel: PacketChannel;
  readonly #flowChanged: () => void;

  constructor(channel: PacketChannel, flowChanged: () => void) {
    this.#channel = channel;
    this.#flowChanged = flowChanged;
  }

  has(serial: number): boolean {
    return this.#streams.has(serial);
  }

  /** A stream that receives from now on: data may come right behind the reply that opens it. */
  add(procedure: Procedure<unknown, void>, direction: StreamDirection, serial: number): RpcStream {
    const { program, number, name } = procedure;
    const header = { program, procedure: number, type: PacketType.STREAM, serial };
    const stream = new RpcStream(
      {
        procedure: name,
        send: (status, payload, sent) => this.#channel.send({ ...header, status }, payload, sent),
        flowChanged: this.#flowChanged,
        release: () => {
          this.#streams.delete(serial);
          this.#flowChanged();
        },
      },
      direction,
    );
    this.#streams.set(serial, stream);
    return stream;
  }

  /** Takes a stream packet; one of a stream that is gone is dropped. */
  receive(packet: Packet): void {
    this.#streams.get(packet.serial)?.receive(packet);
  }

  /**
   * Whether reading must stop for the sake of a stream that nobody reads. While a call is in flight
   * its reply may be behind the stream's data, so reading goes on up to a limit.
   */
  mustPause(callsInFlight: number): boolean {
    for (const stream of this.#streams.values()) {
      if (stream.full && (callsInFlight === 0 || stream.readableLength > BACKLOG_LIMIT_BYTES)) return true;
    }
    return false;
  }

  destroyAll(loss: ConnectionLostError): void {
    for (const stream of [...this.#streams.values()]) stream.destroy(loss);
  }
}
