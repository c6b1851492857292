import { ProtocolError } from "../errors/index.ts";
import { Limits } from "./limits.ts";
import { PROGRAM_VERSION } from "./procedure.ts";

/** What a packet is. Source: `virNetMessageType`, src/rpc/virnetprotocol.x, libvirt 9.0. */
export const PacketType = {
  CALL: 0,
  REPLY: 1,
  MESSAGE: 2,
  STREAM: 3,
} as const;

/** How a packet ends or goes on. Source: `virNetMessageStatus`, same file. */
export const PacketStatus = { OK: 0, ERROR: 1, CONTINUE: 2 } as const;

/** The fields of a packet's header that vary. */
export interface PacketHeader {
  readonly program: number;
  readonly procedure: number;
  readonly type: number;
  /** Joins a reply or a stream packet with its call. */
  readonly serial: number;
  readonly status: number;
}

/** One message: a header and what follows it. */
export interface Packet extends PacketHeader {
  readonly payload: Buffer;
}

const LENGTH_BYTES = 4;

/** The length word and the header that go before a payload of `payloadBytes`. */
export function packetHead(header: PacketHeader, payloadBytes: number): Buffer {
  const head = Buffer.alloc(LENGTH_BYTES + Limits.HEADER_BYTES);
  const { program, procedure, type, serial, status } = header;
  const words = [head.length + payloadBytes, program, PROGRAM_VERSION, procedure, type, serial, status];
  for (const [index, word] of words.entries()) head.writeUInt32BE(word, index * 4);
  return head;
}

/** Reads a message without its length word. Throws `ProtocolError`. */
export function parsePacket(frame: Buffer): Packet {
  if (frame.length < Limits.HEADER_BYTES) throw new ProtocolError(`message of ${frame.length} bytes`);
  const word = (index: number) => frame.readUInt32BE(index * 4);
  if (word(1) !== PROGRAM_VERSION) throw new ProtocolError(`program version ${word(1)}`);
  return {
    program: word(0),
    procedure: word(2),
    type: word(3),
    serial: word(4),
    status: word(5),
    payload: frame.subarray(Limits.HEADER_BYTES),
  };
}
