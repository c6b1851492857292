import { ConnectError } from "../errors/index.ts";
import { Remote } from "../protocol/index.ts";
import type { CallOptions, RpcConnection } from "./connection.ts";

/** Source: `remote_auth_type`, src/remote/remote_protocol.x, libvirt 9.0. */
const AuthType = { NONE: 0, SASL: 1, POLKIT: 2 } as const;

/**
 * Does what the server asks for before anything else may be called. Throws `ConnectError`
 * (`unsupported-auth`), or `LibvirtError` when polkit says no (AUTH_FAILED, AUTH_CANCELLED) or has
 * no agent to ask with (AUTH_UNAVAILABLE).
 */
export async function authenticate(rpc: RpcConnection, options: CallOptions): Promise<void> {
  const { types } = await rpc.call(Remote.AUTH_LIST, undefined, options);
  if (types.length === 0 || types.includes(AuthType.NONE)) return;
  if (types.includes(AuthType.POLKIT)) {
    await rpc.call(Remote.AUTH_POLKIT, undefined, options);
    return;
  }
  const names = types.map((type) => (type === AuthType.SASL ? "SASL" : `type ${type}`)).join(", ");
  throw new ConnectError(
    "unsupported-auth",
    `the libvirt daemon asks for ${names} authentication, which is not supported`,
  );
}
