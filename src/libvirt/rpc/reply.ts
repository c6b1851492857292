import { LibvirtError } from "../errors/index.ts";
import { errorReply, type Packet, PacketStatus, type Procedure } from "../protocol/index.ts";
import { decode } from "../xdr/index.ts";

/** The result that a reply carries. Throws `LibvirtError` for an error reply, `XdrError` for nonsense. */
export function readReply<R>(procedure: Procedure<unknown, R>, packet: Packet): R {
  if (packet.status === PacketStatus.OK) return decode(procedure.ret, packet.payload);
  throw readError(procedure.name, packet.payload);
}

/** The error that a reply or a stream packet carries. Throws `XdrError` when it is malformed. */
export function readError(procedure: string, payload: Buffer): LibvirtError {
  return new LibvirtError(procedure, decode(errorReply, payload));
}
