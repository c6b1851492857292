/**
 * Why there is no connection:
 * - `invalid-uri`: the URI cannot be used, e.g. no `/system` or `/session` path
 * - `unsupported-transport`: a transport other than a unix socket or ssh
 * - `unsupported-auth`: the server asks for SASL or something newer
 * - `unreachable`: no socket, nobody listening, no permission, or the server hung up at once
 * - `ssh`: the ssh command failed; the message ends with what it printed
 */
export type ConnectFailure =
  | "invalid-uri"
  | "unsupported-transport"
  | "unsupported-auth"
  | "unreachable"
  | "ssh";

/** A connection could not be opened. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
  readonly reason: ConnectFailure;

  constructor(reason: ConnectFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/**
 * Why a connection ended:
 * - `closed`: `close()` was called here
 * - `transport`: the server or the ssh process went away
 * - `keepalive`: the server stopped answering
 * - `protocol`: the server sent what is not the protocol; the cause says what
 */
export type LossReason = "closed" | "transport" | "keepalive" | "protocol";

/**
 * The connection ended. Every call, stream and subscription that was open gets this error, and so
 * does every later call. A call that was in flight may or may not have taken effect.
 */
export class ConnectionLostError extends Error {
  override readonly name = "ConnectionLostError";
  readonly reason: LossReason;

  constructor(reason: LossReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** The server sent bytes that are not the protocol, e.g. a message over the size limit. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}
