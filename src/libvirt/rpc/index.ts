export { authenticate } from "./authenticate.ts";
export { type CallOptions, RpcConnection } from "./connection.ts";
export { FrameReader } from "./frame-reader.ts";
export { KEEPALIVE_DEFAULTS, Keepalive, type KeepaliveOptions } from "./keepalive.ts";
export { RpcStream, type StreamDirection } from "./stream.ts";
export { untilAborted } from "./until-aborted.ts";
