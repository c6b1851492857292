import { createHash } from "node:crypto";
import type { Layout } from "../system/index.ts";

/** The network that every machine is on unless the project file says otherwise. */
export const DEFAULT_NETWORK = "default";

/** Linux takes link names of at most 15 characters; ours begin so, and rules match them with a wildcard. */
export const BRIDGE_PREFIX = "bob";

/** A host side of a NIC: `bo`, the machine's id, the NIC's index. */
export const HOST_LINK = /^bo[0-9a-f]{12}\d$/;

/** The bridge of a project's default network; of another network, once there are several, `state` keeps the name. */
export function bridgeName(projectId: string): string {
  return `${BRIDGE_PREFIX}${projectId}`;
}

/** The host's side of a machine's NIC; `index` counts its NICs from 0 to 9. */
export function hostLinkName(machineId: string, index: number): string {
  return `bo${machineId}${index}`;
}

/** The alias on every link of a project; a link without it is not ours, whatever its name. */
export function linkTag(layout: Layout, projectId: string): string {
  return `bothy:${layout.tag}:${projectId}`;
}

/** The project in a link's alias (`bothy:STORE:PROJECT`, with `:MACHINE` behind it where there is one), or `undefined` when the link is not of this store. */
export function projectOfTag(layout: Layout, alias: string): string | undefined {
  const prefix = linkTag(layout, "");
  return alias.startsWith(prefix) ? alias.slice(prefix.length).split(":")[0] : undefined;
}

/** The project's nftables table. */
export function tableName(layout: Layout, projectId: string): string {
  return `bothy_${layout.tag}_${projectId}`;
}

/** The domain that a project's machines are in: `web` is also `web.shop.internal`. */
export function domainOf(projectName: string): string {
  return `${projectName}.internal`;
}

/**
 * A machine's MAC on a network: the same at every start and at both levels.
 * The last byte is the address's, so that no two NICs of a network can have the same.
 */
export function macAddress(machineId: string, network: string, address: string): string {
  const hash = createHash("sha256").update(`${machineId}/${network}`).digest("hex");
  const last = Number(address.split(".").at(-1)).toString(16).padStart(2, "0");
  return `52:54:00:${hash.slice(0, 2)}:${hash.slice(2, 4)}:${last}`;
}
