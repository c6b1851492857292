/** Limits of src/rpc/virnetprotocol.x and src/remote/remote_protocol.x, libvirt 9.0. Bytes or elements. */
export const Limits = {
  /** A message without its length word. */
  MESSAGE_BYTES: 32 * 1024 * 1024,
  /** The header that starts every message. */
  HEADER_BYTES: 24,
  /** The data in one stream packet, as every server version accepts it. */
  STREAM_PACKET_BYTES: 262_120,
  /** Text of any kind. */
  STRING_BYTES: 4 * 1024 * 1024,
  /** Domains or storage pools in one list. */
  LIST_LENGTH: 16_384,
  /** Authentication types offered by a server. */
  AUTH_TYPES: 20,
} as const;
