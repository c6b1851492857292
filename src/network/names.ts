import { rm } from "node:fs/promises";
import { BothyError } from "../errors.ts";
import { ensureFolder, type Layout, readIfExists, writeFileAtomic } from "../system/index.ts";
import { accountFor, dnsmasqPid, endDnsmasq, findDnsmasq, reloadDnsmasq, startDnsmasq } from "./dnsmasq.ts";
import { domainOf } from "./identity.ts";
import { readLink } from "./links.ts";
import {
  configStamp,
  dhcpHostsText,
  hasStaleLease,
  hostsText,
  type NamedMachine,
  type NamesFiles,
  type NamesView,
  namesFiles,
  namesNetwork,
  type ProjectRef,
  renderConfig,
} from "./names-files.ts";
import { lockNetwork, type NetworkState, requireNetworks } from "./state.ts";

/**
 * Makes exactly `machines` known by name (and by DHCP, under the MACs that `allocate` gave) on the project's networks,
 * and starts the project's dnsmasq where none runs. Others' names are forgotten. Idempotent; the networks are there.
 * A function is asked under the network's lock: of several processes, the last one to write then knows every machine.
 * @throws BothyError `NETWORK_CONFLICT` when another server holds the ports.
 */
export async function updateNames(
  layout: Layout,
  project: ProjectRef,
  machines: readonly NamedMachine[] | (() => Promise<readonly NamedMachine[]>),
): Promise<void> {
  await using _ = await lockNetwork(layout, project.id);
  const named = typeof machines === "function" ? await machines() : machines;
  const state = await requireNetworks(layout, project.id);
  const files = namesFiles(layout, project.id);
  await ensureFolder(files.folder);
  const dhcpHosts = dhcpHostsText(state, named);
  await writeFileAtomic(files.hosts, hostsText(state, project, named));
  await writeFileAtomic(files.dhcpHosts, dhcpHosts);
  const view = await namesView(project, files, Object.values(state.networks));
  const stamp = await configStamp(view);
  const [pid, stale] = await Promise.all([dnsmasqPid(files), leasesAreStale(files, dhcpHosts)]);
  if (pid !== undefined && !stale && (await readIfExists(files.config))?.startsWith(stamp))
    reloadDnsmasq(pid);
  else await restart(files, view, stamp);
}

/** Ends the project's dnsmasq; none running is no error. */
export async function stopNames(layout: Layout, projectId: string): Promise<void> {
  await using _ = await lockNetwork(layout, projectId);
  await endDnsmasq(await findDnsmasq(layout.project(projectId).names));
}

/** The pid of the project's dnsmasq, or `undefined` when none runs. */
export function namesPid(layout: Layout, projectId: string): Promise<number | undefined> {
  return dnsmasqPid(namesFiles(layout, projectId));
}

/** The old one ends before the configuration changes, so that a running one is always of the file's configuration. */
async function restart(files: NamesFiles, view: NamesView, stamp: string): Promise<void> {
  const [text] = await Promise.all([renderConfig(view), findDnsmasq(files.folder).then(endDnsmasq)]);
  await rm(files.leases, { force: true }); // every address is given by MAC: a lease holds nothing worth keeping
  await writeFileAtomic(files.config, stamp + text);
  await startDnsmasq(files);
}

async function namesView(
  project: ProjectRef,
  files: NamesFiles,
  networks: readonly NetworkState[],
): Promise<NamesView> {
  return {
    project,
    domain: domainOf(project.name),
    user: await accountFor(files.folder),
    files,
    networks: await Promise.all(networks.map(viewOf)),
  };
}

async function viewOf({ bridge, subnet }: NetworkState) {
  const link = await readLink(bridge);
  if (link) return namesNetwork(bridge, subnet, link.index, link.mtu);
  throw new BothyError("FAILED", `the bridge ${bridge} is gone`, { hints: ["`bothy up` makes it again"] });
}

async function leasesAreStale(files: NamesFiles, dhcpHosts: string): Promise<boolean> {
  return hasStaleLease((await readIfExists(files.leases)) ?? "", dhcpHosts);
}
