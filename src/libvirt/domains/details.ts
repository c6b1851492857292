import { ErrorCode, LibvirtError } from "../errors/index.ts";
import { type DomainRef, Remote } from "../protocol/index.ts";
import type { CallOptions, RpcConnection } from "../rpc/index.ts";
import { type DomainState, type DomainStatus, domainStatus } from "./states.ts";

/** The size and use of a domain. */
export interface DomainInfo {
  readonly state: DomainState;
  readonly maxMemoryKiB: number;
  readonly memoryKiB: number;
  readonly vcpus: number;
  /** CPU time used so far, in nanoseconds. */
  readonly cpuTimeNs: bigint;
}

/** An element in a domain's metadata; a domain has one for each namespace. */
export interface MetadataElement {
  /** The XML namespace that owns the element. */
  readonly uri: string;
  /** The namespace prefix to use in the domain's XML. */
  readonly key: string;
  /** The element, or `null` to remove it. */
  readonly xml: string | null;
}

/** `VIR_DOMAIN_METADATA_ELEMENT`, include/libvirt/libvirt-domain.h, libvirt 9.0. */
const METADATA_ELEMENT = 2;

/** What is known about a domain. All fail with NO_DOMAIN when it is gone. */
export function details(rpc: RpcConnection) {
  return {
    async state(dom: DomainRef, options: CallOptions = {}): Promise<DomainStatus> {
      const { state, reason } = await rpc.call(Remote.DOMAIN_GET_STATE, { dom, flags: 0 }, options);
      return domainStatus(state, reason);
    },

    async info(dom: DomainRef, options: CallOptions = {}): Promise<DomainInfo> {
      const info = await rpc.call(Remote.DOMAIN_GET_INFO, { dom }, options);
      return {
        state: domainStatus(info.state, 0).state,
        maxMemoryKiB: Number(info.maxMem),
        memoryKiB: Number(info.memory),
        vcpus: info.nrVirtCpu,
        cpuTimeNs: info.cpuTime,
      };
    },

    /** The domain's XML as libvirt completed it; see `XmlFlags`. */
    async xml(dom: DomainRef, flags = 0, options: CallOptions = {}): Promise<string> {
      return (await rpc.call(Remote.DOMAIN_GET_XML_DESC, { dom, flags }, options)).xml;
    },

    /** The metadata element of a namespace; `undefined` when the domain has none. See `AffectFlags`. */
    async metadata(
      dom: DomainRef,
      uri: string,
      flags = 0,
      options: CallOptions = {},
    ): Promise<string | undefined> {
      try {
        const args = { dom, type: METADATA_ELEMENT, uri, flags };
        return (await rpc.call(Remote.DOMAIN_GET_METADATA, args, options)).metadata;
      } catch (error) {
        if (error instanceof LibvirtError && error.code === ErrorCode.NO_DOMAIN_METADATA) return undefined;
        throw error;
      }
    },

    /** Replaces, adds or removes the metadata element of a namespace. See `AffectFlags`. */
    setMetadata(
      dom: DomainRef,
      { uri, key, xml }: MetadataElement,
      flags = 0,
      options: CallOptions = {},
    ): Promise<void> {
      const args = { dom, type: METADATA_ELEMENT, metadata: xml, key, uri, flags };
      return rpc.call(Remote.DOMAIN_SET_METADATA, args, options);
    },
  };
}
