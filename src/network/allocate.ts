import { BothyError } from "../errors.ts";
import type { Nic } from "../providers/provider.ts";
import { type Layout, lock } from "../system/index.ts";
import { hostRanges } from "./host.ts";
import { bridgeName, DEFAULT_NETWORK } from "./identity.ts";
import {
  lockNetwork,
  type NetworkState,
  nicsOf,
  type ProjectNetworks,
  readNetworks,
  recordedSubnets,
  writeNetworks,
} from "./state.ts";
import { formatSubnet, freeAddress, freeSubnet, gatewayOf, parseSubnet } from "./subnets.ts";

/** Machine id -> its interfaces. */
export type NicsByMachine = ReadonlyMap<string, readonly Nic[]>;

/**
 * Gives each machine its address on the project's network, and the project its subnet, once: later calls return the
 * same. Nothing on the host is made or changed.
 * @throws BothyError `NETWORK_EXHAUSTED` when no subnet or address is free, `STATE_INVALID`.
 */
export async function allocate(
  layout: Layout,
  projectId: string,
  machineIds: readonly string[],
): Promise<NicsByMachine> {
  const known = await readNetworks(layout, projectId);
  if (known && machineIds.every((id) => nicsOf(known, id).length > 0)) return nicsFor(known, machineIds);
  await using _ = await lockNetwork(layout, projectId);
  const state = (await readNetworks(layout, projectId)) ?? { version: 1, networks: {} };
  // Until the choice is written, no other project of the store may choose.
  await using _choice = state.networks[DEFAULT_NETWORK] ? undefined : await lock(layout.lock("subnets"));
  const network = state.networks[DEFAULT_NETWORK] ?? (await newNetwork(layout, projectId));
  for (const id of machineIds) addAddress(network, id);
  state.networks[DEFAULT_NETWORK] = network;
  await writeNetworks(layout, projectId, state);
  const nics = nicsFor(state, machineIds);
  return nics;
}

/** The interfaces that the project's machines have, by machine id; empty when nothing was allocated. Needs no lock. */
export async function allocated(layout: Layout, projectId: string): Promise<NicsByMachine> {
  const state = await readNetworks(layout, projectId);
  const ids = Object.values(state?.networks ?? {}).flatMap((network) => Object.keys(network.addresses));
  return state ? nicsFor(state, [...new Set(ids)]) : new Map();
}

/** Takes destroyed machines' addresses back, and the subnet with the last of them. Idempotent. */
export async function release(
  layout: Layout,
  projectId: string,
  machineIds: readonly string[],
): Promise<void> {
  await using _ = await lockNetwork(layout, projectId);
  const state = await readNetworks(layout, projectId);
  if (!state) return;
  for (const [name, network] of Object.entries(state.networks)) {
    for (const id of machineIds) delete network.addresses[id];
    if (Object.keys(network.addresses).length === 0) delete state.networks[name];
  }
  await writeNetworks(layout, projectId, state);
}

async function newNetwork(layout: Layout, projectId: string): Promise<NetworkState> {
  const bridge = bridgeName(projectId);
  const [ranges, recorded] = await Promise.all([hostRanges(), recordedSubnets(layout)]);
  const foreign = ranges.filter((range) => range.device !== bridge).map((range) => range.subnet);
  const subnet = freeSubnet([...foreign, ...recorded]);
  if (!subnet) {
    throw new BothyError(
      "NETWORK_EXHAUSTED",
      "every subnet that bothy may use overlaps one in use on this host",
      {
        hints: ["`ip route show table all` lists what is in use", "`bothy gc` frees what lost projects hold"],
      },
    );
  }
  return { bridge, subnet: formatSubnet(subnet), gateway: gatewayOf(subnet), addresses: {} };
}

function addAddress(network: NetworkState, machineId: string): void {
  if (network.addresses[machineId]) return;
  const subnet = parseSubnet(network.subnet);
  const address = subnet && freeAddress(subnet, new Set(Object.values(network.addresses)));
  if (!address) {
    const count = Object.keys(network.addresses).length;
    throw new BothyError(
      "NETWORK_EXHAUSTED",
      `${network.subnet} is full: ${count} machines have an address in it`,
      {
        hints: ["`bothy status` lists them; `bothy destroy NAME` frees an address"],
      },
    );
  }
  network.addresses[machineId] = address;
}

function nicsFor(state: ProjectNetworks, machineIds: readonly string[]): NicsByMachine {
  return new Map(machineIds.map((id) => [id, nicsOf(state, id)]));
}
