import { BothyError, messageOf } from "../errors.ts";
import type { Nic } from "../providers/provider.ts";
import { type Layout, removeTree } from "../system/index.ts";
import { bridgeIsReady, ensureBridge } from "./bridge.ts";
import { endDnsmasq, findDnsmasq } from "./dnsmasq.ts";
import {
  deleteTables,
  ensureForwarding,
  ensureRules,
  forwards,
  listTables,
  renderRules,
  rulesAreCurrent,
  rulesView,
} from "./firewall.ts";
import { linkTag, tableName } from "./identity.ts";
import { countPorts, deleteLinks } from "./links.ts";
import { namesPid } from "./names.ts";
import { ownedLinks, refuseForeignLink } from "./owner.ts";
import { lockNetwork, type ProjectNetworks, readNetworks, requireNetworks } from "./state.ts";

/**
 * Makes the project's networks work on this host: bridges, forwarding, rules; whatever of it is missing or changed.
 * `allocate` came before; `nics` are those of machines that are about to start. Idempotent, safe from several processes at once, and quick when there is nothing to do.
 * @throws BothyError `NETWORK_CONFLICT` when a name or the subnet belongs to something else on this host.
 */
export async function ensureNetwork(
  layout: Layout,
  projectId: string,
  nics: readonly Nic[] = [],
): Promise<void> {
  const tag = linkTag(layout, projectId);
  await Promise.all(nics.map((nic) => refuseForeignLink(layout, nic.hostLink, tag)));
  if (await isComplete(layout, projectId, await requireNetworks(layout, projectId))) return;
  await using _ = await lockNetwork(layout, projectId);
  const state = await requireNetworks(layout, projectId);
  // Loading the template engine keeps this process busy while `ip` works.
  await Promise.all([ensureBridges(state, tag), renderRules(rulesView("warm-up", state))]);
  await ensureForwarding();
  await ensureRules(layout, projectId, state);
}

/**
 * Removes all of the project's network from this host: dnsmasq, rules, bridges and left-over host sides of NICs;
 * what `allocate` recorded stays. For when no machine of the project runs. Idempotent; a link that is not tagged as
 * the project's is not touched, and an error in one step does not keep the others from being done.
 */
export async function removeNetwork(layout: Layout, projectId: string): Promise<void> {
  await using _ = await lockNetwork(layout, projectId);
  const results = await Promise.allSettled([
    removeNames(layout, projectId),
    deleteTables([tableName(layout, projectId)]),
    removeLinks(layout, projectId),
  ]);
  const errors = results
    .filter((result) => result.status === "rejected")
    .map((result) => result.reason as unknown);
  if (errors.length === 0) return;
  const message = `the network of project ${projectId} is not fully removed: ${errors.map(messageOf).join("; ")}`;
  throw new BothyError("FAILED", message, { hints: ["`bothy gc` tries again"], cause: errors[0] });
}

/** A network of a project as the host has it now. */
export interface LiveNetwork {
  readonly name: string;
  readonly subnet: string;
  readonly gateway: string;
  readonly bridge: string;
  /** The bridge is there with its address, the host forwards, and the rules are loaded. */
  readonly up: boolean;
  /** How many machines are plugged in. */
  readonly ports: number;
  /** The dnsmasq of the project, where it runs. */
  readonly namesPid: number | undefined;
}

/** The project's networks as they are now; empty when nothing was allocated. Changes nothing, needs no lock. */
export async function inspectNetwork(layout: Layout, projectId: string): Promise<LiveNetwork[]> {
  const state = await readNetworks(layout, projectId);
  if (!state) return [];
  const [pid, tables] = await Promise.all([
    namesPid(layout, projectId),
    listTables(tableName(layout, projectId)),
  ]);
  const works = tables.length > 0 && (await forwards());
  return Promise.all(
    Object.entries(state.networks).map(async ([name, network]) => {
      const { subnet, gateway, bridge } = network;
      const ready = await bridgeIsReady(network, linkTag(layout, projectId)).catch(() => false);
      return {
        name,
        subnet,
        gateway,
        bridge,
        up: works && ready,
        ports: await countPorts(bridge),
        namesPid: pid,
      };
    }),
  );
}

async function isComplete(layout: Layout, projectId: string, state: ProjectNetworks): Promise<boolean> {
  const tag = linkTag(layout, projectId);
  const checks = [
    ...Object.values(state.networks).map((network) => bridgeIsReady(network, tag)),
    forwards(),
    rulesAreCurrent(layout, projectId, state),
  ];
  return (await Promise.all(checks)).every(Boolean);
}

async function ensureBridges(state: ProjectNetworks, tag: string): Promise<void> {
  for (const network of Object.values(state.networks)) await ensureBridge(network, tag);
}

async function removeNames(layout: Layout, projectId: string): Promise<void> {
  const folder = layout.project(projectId).names;
  await endDnsmasq(await findDnsmasq(folder));
  await removeTree(folder, { within: layout.run });
}

async function removeLinks(layout: Layout, projectId: string): Promise<void> {
  const links = await ownedLinks(layout);
  await deleteLinks(links.filter(({ project }) => project === projectId).map(({ name }) => name));
}
