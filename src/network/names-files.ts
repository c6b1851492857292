import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { asset, type Layout, renderTemplate } from "../system/index.ts";
import { domainOf } from "./identity.ts";
import { nicsOf, type ProjectNetworks } from "./state.ts";
import { netmask, numberToAddress, parseSubnet, reverseZone } from "./subnets.ts";

/** A project, as names need it. */
export interface ProjectRef {
  readonly id: string;
  /** A DNS label; `config` sees to that. */
  readonly name: string;
}

/** A machine that can be resolved. */
export interface NamedMachine {
  readonly id: string;
  /** A DNS label; `config` sees to that. */
  readonly name: string;
}

/** The files of a project's dnsmasq. */
export interface NamesFiles {
  readonly folder: string;
  readonly config: string;
  readonly hosts: string;
  readonly dhcpHosts: string;
  readonly leases: string;
  readonly pid: string;
  readonly log: string;
}

/** What the template of the configuration needs. */
export interface NamesView {
  readonly project: ProjectRef;
  readonly domain: string;
  /** The user to run as; `false` for dnsmasq's own choice. */
  readonly user: string | false;
  readonly files: NamesFiles;
  readonly networks: readonly NamesNetwork[];
}

interface NamesNetwork {
  readonly bridge: string;
  /** The bridge's link index: dnsmasq is bound to that very link, so another one means another configuration. */
  readonly index: number;
  readonly mtu: number;
  readonly address: string;
  readonly netmask: string;
  readonly reverse: string;
}

/** The paths of a project's dnsmasq files. */
export function namesFiles(layout: Layout, projectId: string): NamesFiles {
  const folder = layout.project(projectId).names;
  return {
    folder,
    config: join(folder, "dnsmasq.conf"),
    hosts: join(folder, "hosts"),
    dhcpHosts: join(folder, "dhcp-hosts"),
    leases: join(folder, "leases"),
    pid: join(folder, "pid"),
    log: join(folder, "log"),
  };
}

/** A network as the configuration shows it. */
export function namesNetwork(bridge: string, subnetText: string, index: number, mtu: number): NamesNetwork {
  const subnet = parseSubnet(subnetText) ?? { base: 0, prefix: 32 }; // the state is validated when read
  return {
    bridge,
    index,
    mtu,
    address: numberToAddress(subnet.base),
    netmask: netmask(subnet),
    reverse: reverseZone(subnet),
  };
}

/** The first line of a configuration: two that are equal stand for the same configuration, rendered or not. */
export async function configStamp(view: NamesView): Promise<string> {
  const template = await readFile(asset("templates", "network/dnsmasq.conf.hbs"), "utf8");
  const digest = createHash("sha256")
    .update(JSON.stringify(view) + template)
    .digest("hex");
  return `# ${digest.slice(0, 32)}\n`;
}

/** The configuration's text, below its stamp. */
export function renderConfig(view: NamesView): Promise<string> {
  return renderTemplate("network/dnsmasq.conf", view, { escape: "none" });
}

/** Text for `addn-hosts`: the long name first, so that an address resolves to it. */
export function hostsText(
  state: ProjectNetworks,
  project: ProjectRef,
  machines: readonly NamedMachine[],
): string {
  const domain = domainOf(project.name);
  return linesOf(state, machines, (nic, name) => `${nic.ip} ${name}.${domain} ${name}`);
}

/** Text for `dhcp-hostsfile`. */
export function dhcpHostsText(state: ProjectNetworks, machines: readonly NamedMachine[]): string {
  return linesOf(state, machines, (nic, name) => `${nic.mac},${nic.ip},${name}`);
}

/**
 * Whether a lease stands in the way: an address that a machine has was leased to another MAC before, and dnsmasq
 * would keep it for that one until the lease ends.
 */
export function hasStaleLease(leases: string, dhcpHosts: string): boolean {
  const macs = new Map(
    dhcpHosts.split("\n").map((line) => line.split(",").slice(0, 2).reverse() as [string, string]),
  );
  return leases.split("\n").some((line) => {
    const [, mac, ip = ""] = line.split(" ");
    return macs.has(ip) && macs.get(ip) !== mac;
  });
}

function linesOf(
  state: ProjectNetworks,
  machines: readonly NamedMachine[],
  line: (nic: { ip: string; mac: string }, name: string) => string,
): string {
  const lines = machines.flatMap(({ id, name }) =>
    nicsOf(state, id).map(({ address, mac }) => line({ ip: address.split("/")[0] ?? "", mac }, name)),
  );
  return lines.map((text) => `${text}\n`).join("");
}
