import type { Duplex } from "node:stream";
import { LibvirtClient } from "../../../../src/libvirt/client/index.ts";
import {
  errorReply,
  type Message,
  type Packet,
  type PacketHeader,
  PacketStatus,
  PacketType,
  type Procedure,
  packetHead,
  parsePacket,
} from "../../../../src/libvirt/protocol/index.ts";
import { FrameReader, type KeepaliveOptions, RpcConnection } from "../../../../src/libvirt/rpc/index.ts";
import { encode } from "../../../../src/libvirt/xdr/index.ts";
import { memoryTransport } from "./memory-transport.ts";

const MAX = 40_000_000;

/** A daemon's end of a connection: what arrived is looked at, what to send is said, packet by packet. */
export class FakeServer {
  readonly peer: Duplex;
  readonly received: Packet[] = [];
  readonly #waiting: { wanted: (packet: Packet) => boolean; resolve: (packet: Packet) => void }[] = [];

  constructor(peer: Duplex) {
    this.peer = peer;
    const frames = new FrameReader();
    peer.on("data", (chunk: Buffer) => {
      for (const frame of frames.push(chunk)) this.#take(parsePacket(frame));
    });
  }

  /** The first packet, already here or not, that `wanted` accepts; it is consumed. */
  expect(wanted: (packet: Packet) => boolean): Promise<Packet> {
    const index = this.received.findIndex(wanted);
    const [found] = index < 0 ? [] : this.received.splice(index, 1);
    if (found) return Promise.resolve(found);
    return new Promise((resolve) => {
      this.#waiting.push({ wanted, resolve });
    });
  }

  /** Waits for a call of this procedure. */
  call({ program, number }: Procedure<unknown, unknown>): Promise<Packet> {
    return this.expect(
      (packet) =>
        packet.type === PacketType.CALL && packet.program === program && packet.procedure === number,
    );
  }

  /** Waits for a packet of the stream that this call opened. */
  stream(call: Packet): Promise<Packet> {
    return this.expect((packet) => packet.type === PacketType.STREAM && packet.serial === call.serial);
  }

  /** Waits for a call and answers it. */
  async answer<R>(procedure: Procedure<unknown, R>, value: R): Promise<Packet> {
    const call = await this.call(procedure);
    this.reply(call, procedure, value);
    return call;
  }

  reply<R>(call: Packet, procedure: Procedure<unknown, R>, value: R): void {
    const header = { ...call, type: PacketType.REPLY, status: PacketStatus.OK };
    this.send(header, encode(procedure.ret, value, MAX));
  }

  /** Answers a call, or ends a stream, with an error. */
  fail(call: Packet, code: number, message: string, type: number = PacketType.REPLY): void {
    const fields = { code, domain: 10, message, level: 2, str1: "first", str2: null, str3: null };
    const error = { ...fields, dom: null, net: null, int1: 7, int2: -1 };
    this.send({ ...call, type, status: PacketStatus.ERROR }, encode(errorReply, error, MAX));
  }

  /** Sends a packet of the stream that this call opened. */
  streamOut(call: Packet, status: number, payload: Buffer = Buffer.alloc(0)): void {
    this.send({ ...call, type: PacketType.STREAM, status }, payload);
  }

  message<P>(message: Message<P>, payload: P): void {
    const { program, number } = message;
    const header = { program, procedure: number, type: PacketType.MESSAGE, serial: 0, status: 0 };
    this.send(header, encode(message.payload, payload, MAX));
  }

  send(header: PacketHeader, payload: Buffer): void {
    this.peer.write(Buffer.concat([packetHead(header, payload.length), payload]));
  }

  #take(packet: Packet): void {
    const index = this.#waiting.findIndex(({ wanted }) => wanted(packet));
    const [waiting] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (waiting) waiting.resolve(packet);
    else this.received.push(packet);
  }
}

/** A connection and its daemon's end, past authentication. */
export function connected(keepalive?: KeepaliveOptions) {
  const { transport, peer, destroyed } = memoryTransport();
  const rpc = new RpcConnection(transport, keepalive);
  return { rpc, client: new LibvirtClient(rpc), server: new FakeServer(peer), destroyed };
}
