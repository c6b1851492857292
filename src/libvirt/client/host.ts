import { type Subscription, serverEvents } from "../events/index.ts";
import { CONNECT_EVENT_CONNECTION_CLOSED, Remote } from "../protocol/index.ts";
import type { CallOptions, RpcConnection } from "../rpc/index.ts";

/** A version such as 9.0.0. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly release: number;
}

/** Which guests to describe; libvirt chooses what is left out. */
export interface DomainCapabilitiesQuery {
  /** The emulator's path on the server. */
  readonly emulator?: string;
  readonly arch?: string;
  readonly machine?: string;
  /** `kvm`, `qemu` ... */
  readonly virtType?: string;
}

/** Why the daemon lost the hypervisor. */
export type HypervisorLoss = "error" | "eof" | "keepalive" | "client" | "unknown";

/** Features of a server. Source: src/libvirt_internal.h, libvirt 9.0. */
export const Feature = {
  PROGRAM_KEEPALIVE: 10,
  REMOTE_EVENT_CALLBACK: 14,
  REMOTE_CLOSE_CALLBACK: 15,
  NETWORK_UPDATE_HAS_CORRECT_ORDER: 16,
} as const;

/** `virConnectCloseReason`, include/libvirt/libvirt-common.h, libvirt 9.0. */
const LOSSES: readonly HypervisorLoss[] = ["error", "eof", "keepalive", "client"];

/** Calls about the daemon and its host; errors as for `Domains`. */
export type Host = ReturnType<typeof createHost>;

/** The host calls of one connection. */
export function createHost(rpc: RpcConnection) {
  const losses = serverEvents(rpc, {
    message: CONNECT_EVENT_CONNECTION_CLOSED,
    register: () => rpc.call(Remote.CONNECT_REGISTER_CLOSE_CALLBACK, undefined),
    deregister: () => rpc.call(Remote.CONNECT_UNREGISTER_CLOSE_CALLBACK, undefined),
  });
  return {
    /** The URI that the daemon opened, e.g. `qemu:///system`. */
    async uri(options: CallOptions = {}): Promise<string> {
      return (await rpc.call(Remote.CONNECT_GET_URI, undefined, options)).uri;
    },

    async hostname(options: CallOptions = {}): Promise<string> {
      return (await rpc.call(Remote.CONNECT_GET_HOSTNAME, undefined, options)).hostname;
    },

    /** The daemon's version. */
    async libvirtVersion(options: CallOptions = {}): Promise<Version> {
      return toVersion((await rpc.call(Remote.CONNECT_GET_LIB_VERSION, undefined, options)).version);
    },

    /** The hypervisor's version, e.g. QEMU's. */
    async hypervisorVersion(options: CallOptions = {}): Promise<Version> {
      return toVersion((await rpc.call(Remote.CONNECT_GET_VERSION, undefined, options)).version);
    },

    /** What the host and the hypervisor can do, as XML. */
    async capabilities(options: CallOptions = {}): Promise<string> {
      return (await rpc.call(Remote.CONNECT_GET_CAPABILITIES, undefined, options)).capabilities;
    },

    /** What guests of one kind can have, as XML. Fails with INVALID_ARG for an unknown kind. */
    async domainCapabilities(
      query: DomainCapabilitiesQuery = {},
      options: CallOptions = {},
    ): Promise<string> {
      const { emulator = null, arch = null, machine = null, virtType = null } = query;
      const args = { emulator, arch, machine, virtType, flags: 0 };
      return (await rpc.call(Remote.CONNECT_GET_DOMAIN_CAPABILITIES, args, options)).capabilities;
    },

    /** Whether the server has one of `Feature`. */
    async supportsFeature(feature: number, options: CallOptions = {}): Promise<boolean> {
      return (await rpc.call(Remote.CONNECT_SUPPORTS_FEATURE, { feature }, options)).supported > 0;
    },

    /** Tells when the daemon loses its own connection to the hypervisor. */
    hypervisorLosses(options: CallOptions = {}): Promise<Subscription<HypervisorLoss>> {
      return losses.subscribe(({ reason }) => LOSSES[reason] ?? "unknown", options);
    },
  };
}

/** A version travels as major * 1,000,000 + minor * 1,000 + release. */
function toVersion(packed: bigint): Version {
  const number = Number(packed);
  return {
    major: Math.floor(number / 1_000_000),
    minor: Math.floor(number / 1000) % 1000,
    release: number % 1000,
  };
}
