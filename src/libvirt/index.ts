/**
 * A libvirt client that speaks the daemon's RPC protocol: no native code, calls in flight at once,
 * errors per call, events, streams, over unix sockets and ssh. It imports node: modules only.
 */

export type { DomainCapabilitiesQuery, Host, HypervisorLoss, Version } from "./client/index.ts";
export { type ConnectOptions, connect, Feature, LibvirtClient } from "./client/index.ts";
export type {
  AgentOptions,
  DomainInfo,
  DomainState,
  DomainStatus,
  Domains,
  LifecycleEvent,
  LifecycleType,
  MetadataElement,
  PortOptions,
} from "./domains/index.ts";
export {
  AffectFlags,
  ChannelFlags,
  ConsoleFlags,
  CreateFlags,
  DestroyFlags,
  ListFlags,
  ShutdownFlags,
  XmlFlags,
} from "./domains/index.ts";
export {
  ConnectError,
  type ConnectFailure,
  ConnectionLostError,
  ErrorCode,
  type ErrorCodeName,
  errorCodeName,
  LibvirtError,
  type LossReason,
  ProtocolError,
} from "./errors/index.ts";
export { EventOverflowError, type NextOptions, Subscription } from "./events/index.ts";
export type { DomainRef, StoragePoolRef, StorageVolumeRef } from "./protocol/index.ts";
export type { CallOptions, KeepaliveOptions } from "./rpc/index.ts";
export type { Storage, TransferOptions } from "./storage/index.ts";
export type { SocketEnvironment, SshOptions } from "./transport/index.ts";
export { XdrError } from "./xdr/index.ts";
