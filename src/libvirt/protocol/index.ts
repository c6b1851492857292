export { Limits } from "./limits.ts";
export { CONNECT_EVENT_CONNECTION_CLOSED, DOMAIN_EVENT_CALLBACK_LIFECYCLE } from "./messages.ts";
export {
  type Packet,
  type PacketHeader,
  PacketStatus,
  PacketType,
  packetHead,
  parsePacket,
} from "./packet.ts";
export { type Message, type Procedure, Program } from "./procedure.ts";
export { Qemu, Remote } from "./procedures.ts";
export { type DomainRef, errorReply, type StoragePoolRef, type StorageVolumeRef } from "./types.ts";
