import type { RpcConnection } from "../rpc/index.ts";
import { details } from "./details.ts";
import { guest } from "./guest.ts";
import { lookup } from "./lookup.ts";
import { power } from "./power.ts";

/**
 * Everything about domains. Each call may reject with `LibvirtError`, `ConnectionLostError`, the
 * signal's reason, or `XdrError` for an argument that cannot be sent (e.g. text with a NUL).
 */
export type Domains = ReturnType<typeof createDomains>;

/** The domain calls of one connection. */
export function createDomains(rpc: RpcConnection) {
  return Object.assign(lookup(rpc), power(rpc), details(rpc), guest(rpc));
}
