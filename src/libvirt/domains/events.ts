import { type ServerEvents, type Subscription, serverEvents } from "../events/index.ts";
import { DOMAIN_EVENT_CALLBACK_LIFECYCLE, type DomainRef, Remote } from "../protocol/index.ts";
import type { CallOptions, RpcConnection } from "../rpc/index.ts";
import type { Infer } from "../xdr/index.ts";
import { type LifecycleEvent, lifecycleEvent } from "./lifecycle.ts";

type Payload = Infer<(typeof DOMAIN_EVENT_CALLBACK_LIFECYCLE)["payload"]>;

/** `VIR_DOMAIN_EVENT_ID_LIFECYCLE`, include/libvirt/libvirt-domain.h, libvirt 9.0. */
const LIFECYCLE = 0;

/** The lifecycle messages of all domains of one connection. */
export function lifecycleEvents(rpc: RpcConnection): ServerEvents<Payload> {
  return serverEvents(rpc, {
    message: DOMAIN_EVENT_CALLBACK_LIFECYCLE,
    register: async () => {
      const args = { eventId: LIFECYCLE, dom: null };
      return (await rpc.call(Remote.CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY, args)).callbackId;
    },
    deregister: (callbackId) => rpc.call(Remote.CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY, { callbackId }),
  });
}

/** Subscribes to one domain's life, or to everyone's. */
export function subscribe(
  events: ServerEvents<Payload>,
  domain: DomainRef | undefined,
  options: CallOptions,
): Promise<Subscription<LifecycleEvent>> {
  const read = ({ event: { dom, type, detail } }: Payload) => {
    const wanted = domain === undefined || domain.uuid === dom.uuid;
    return wanted ? lifecycleEvent(dom, type, detail) : undefined;
  };
  return events.subscribe(read, options);
}
