import { readdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import * as z from "zod";
import { BothyError, hasErrno } from "../errors.ts";
import type { Nic } from "../providers/provider.ts";
import { ensureFolder, type Layout, lock, readIfExists, writeJson } from "../system/index.ts";
import { hostLinkName, macAddress } from "./identity.ts";
import { parseSubnet, type Subnet } from "./subnets.ts";

const networkSchema = z.object({
  /** The name of its bridge on the host. */
  bridge: z.string().max(15),
  subnet: z.cidrv4(),
  /** The host's address on the bridge: the machines' router and DNS server. */
  gateway: z.ipv4(),
  /** Machine id -> its address, kept until the machine is destroyed. */
  addresses: z.record(z.string(), z.ipv4()),
});

const stateSchema = z.object({ version: z.literal(1), networks: z.record(z.string(), networkSchema) });

/** One network of a project as the store keeps it. */
export type NetworkState = z.infer<typeof networkSchema>;

/** The networks of a project by name: the content of its `network.json`. */
export type ProjectNetworks = z.infer<typeof stateSchema>;

/**
 * What the store knows of a project's networks; `undefined` when nothing was allocated.
 * Needs no lock. @throws BothyError `STATE_INVALID` for a damaged file or one of a newer bothy.
 */
export async function readNetworks(layout: Layout, projectId: string): Promise<ProjectNetworks | undefined> {
  const path = layout.project(projectId).network;
  const text = await readIfExists(path);
  if (text === undefined) return undefined;
  const parsed = stateSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new BothyError(
    "STATE_INVALID",
    `${path} is damaged or of a newer bothy: ${z.prettifyError(parsed.error)}`,
    {
      hints: [
        "update bothy if the file is of a newer one",
        `\`rm ${path}\` while no machine of the project runs: each gets a new address at its next start`,
      ],
      cause: parsed.error,
    },
  );
}

/** The same, for what only works after `allocate`. */
export async function requireNetworks(layout: Layout, projectId: string): Promise<ProjectNetworks> {
  const state = await readNetworks(layout, projectId);
  if (state) return state;
  throw new BothyError("BUG", `project ${projectId} has no network yet`);
}

/** Writes a project's networks, or removes the file when there are none; the caller holds `lockNetwork`. */
export async function writeNetworks(
  layout: Layout,
  projectId: string,
  state: ProjectNetworks,
): Promise<void> {
  const path = layout.project(projectId).network;
  if (Object.keys(state.networks).length === 0) return rm(path, { force: true });
  await ensureFolder(dirname(path));
  await writeJson(path, state);
}

/** Held while a project's addresses, links, rules or names change. */
export function lockNetwork(layout: Layout, projectId: string): Promise<AsyncDisposable> {
  return lock(layout.lock(`network-${projectId}`));
}

/**
 * The subnets that the projects of this store have. A damaged file counts with every subnet that its text still
 * shows: what it kept must not be given away again.
 */
export async function recordedSubnets(layout: Layout): Promise<Subnet[]> {
  const ids = await readdir(layout.projects()).catch((error: unknown) => {
    if (hasErrno(error, "ENOENT")) return [];
    throw error;
  });
  const texts = await Promise.all(ids.map((id) => readIfExists(layout.project(id).network)));
  const found = texts.flatMap((text) => text?.match(/\d+\.\d+\.\d+\.\d+\/\d+/g) ?? []);
  return found.map(parseSubnet).filter((subnet) => subnet !== undefined);
}

/** A machine's interfaces, in the order of its project's networks; empty when it has none. */
export function nicsOf(state: ProjectNetworks, machineId: string): Nic[] {
  const joined = Object.entries(state.networks).filter(([, network]) => machineId in network.addresses);
  return joined.map(([name, network], index) => nic(name, network, machineId, index));
}

function nic(name: string, network: NetworkState, machineId: string, index: number): Nic {
  const address = network.addresses[machineId] ?? "";
  return {
    network: name,
    bridge: network.bridge,
    hostLink: hostLinkName(machineId, index),
    mac: macAddress(machineId, name, address),
    address: `${address}/${network.subnet.split("/")[1]}`,
    gateway: network.gateway,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
