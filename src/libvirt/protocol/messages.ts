import { type Codec, int, struct } from "../xdr/index.ts";
import { type Message, Program } from "./procedure.ts";
import { domain } from "./types.ts";

/** Something happened to a domain; sent to each callback that was registered for it. */
export const DOMAIN_EVENT_CALLBACK_LIFECYCLE = message(
  "DOMAIN_EVENT_CALLBACK_LIFECYCLE",
  318,
  struct({ callbackId: int, event: struct({ dom: domain, type: int, detail: int }) }),
);

/** The daemon lost its own connection to the hypervisor. */
export const CONNECT_EVENT_CONNECTION_CLOSED = message(
  "CONNECT_EVENT_CONNECTION_CLOSED",
  362,
  struct({ reason: int }),
);

function message<P>(name: string, number: number, payload: Codec<P>): Message<P> {
  return { name, program: Program.REMOTE, number, payload };
}
