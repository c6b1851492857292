import type { Subscription } from "../events/index.ts";
import { type DomainRef, Remote } from "../protocol/index.ts";
import type { CallOptions, RpcConnection } from "../rpc/index.ts";
import { lifecycleEvents, subscribe } from "./events.ts";
import type { LifecycleEvent } from "./lifecycle.ts";

/** Asks for the list itself, not only for its length. */
const NEED_RESULTS = 1;

/** Finding, creating and watching domains. */
export function lookup(rpc: RpcConnection) {
  const lifecycle = lifecycleEvents(rpc);
  return {
    /** Starts a transient domain; see `CreateFlags`. Fails with OPERATION_FAILED when the name is taken. */
    async create(xml: string, flags = 0, options: CallOptions = {}): Promise<DomainRef> {
      return (await rpc.call(Remote.DOMAIN_CREATE_XML, { xml, flags }, options)).dom;
    },

    /** Fails with NO_DOMAIN. */
    async lookupByName(name: string, options: CallOptions = {}): Promise<DomainRef> {
      return (await rpc.call(Remote.DOMAIN_LOOKUP_BY_NAME, { name }, options)).dom;
    },

    /** Fails with NO_DOMAIN, or with `XdrError` when the text is not a UUID. */
    async lookupByUuid(uuid: string, options: CallOptions = {}): Promise<DomainRef> {
      return (await rpc.call(Remote.DOMAIN_LOOKUP_BY_UUID, { uuid }, options)).dom;
    },

    /** All domains, or those that `ListFlags` select. */
    async list(flags = 0, options: CallOptions = {}): Promise<DomainRef[]> {
      const args = { needResults: NEED_RESULTS, flags };
      return (await rpc.call(Remote.CONNECT_LIST_ALL_DOMAINS, args, options)).domains;
    },

    /** What happens to `domain`, or to all domains, from now on. Subscribe before you act. */
    events(domain?: DomainRef, options: CallOptions = {}): Promise<Subscription<LifecycleEvent>> {
      return subscribe(lifecycle, domain, options);
    },
  };
}
