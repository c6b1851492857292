import { writeFile } from "node:fs/promises";
import { BothyError } from "../errors.ts";
import { run } from "../system/index.ts";
import { hostRanges, isLocalAddress, mainRoutes, uplinkMtu } from "./host.ts";
import { type Link, readLink, readSetting } from "./links.ts";
import { foreignLink } from "./owner.ts";
import type { NetworkState } from "./state.ts";
import { formatSubnet, isClaim, overlaps, parseSubnet } from "./subnets.ts";

/**
 * Whether the bridge is there, up, with its address and its settings; starts no process.
 * @throws BothyError `NETWORK_CONFLICT` when a link of its name is not ours.
 */
export async function bridgeIsReady(network: NetworkState, tag: string): Promise<boolean> {
  const link = await ourBridge(network.bridge, tag);
  if (!link?.up) return false;
  const [address, ipv6] = await Promise.all([hasAddress(network), readSetting(ipv6Setting(network.bridge))]);
  return address && ipv6 !== "0";
}

/**
 * Makes the bridge, or mends what of it is missing; the caller holds the network's lock. Idempotent.
 * @throws BothyError `NETWORK_CONFLICT` when its name or its subnet now belongs to something else.
 */
export async function ensureBridge(network: NetworkState, tag: string): Promise<void> {
  if (await bridgeIsReady(network, tag)) return;
  const [link, mtu] = await Promise.all([
    ourBridge(network.bridge, tag),
    uplinkMtu(),
    refuseOverlap(network),
  ]);
  await run(["ip", "-batch", "-"], { input: commands(network, tag, link, mtu) });
  // The kernel repeats an unanswered ARP request once a second: too rarely for a machine that is just coming up.
  await writeFile(`/proc/sys/net/ipv4/neigh/${network.bridge}/retrans_time_ms`, "50");
  // No IPv6 of the host's on the bridge: a machine could otherwise reach its link-local address past the rules
  // for IPv4, or feed it router advertisements.
  if ((await readSetting(ipv6Setting(network.bridge))) !== undefined) {
    await writeFile(`/proc/sys/${ipv6Setting(network.bridge)}`, "1");
  }
}

/** The bridge, or `undefined` when there is no link of its name. */
async function ourBridge(name: string, tag: string): Promise<Link | undefined> {
  const link = await readLink(name);
  if (!link || (link.alias === tag && link.isBridge)) return link;
  throw foreignLink(link, tag);
}

function commands(network: NetworkState, tag: string, link: Link | undefined, mtu: number): string {
  const { bridge, gateway, subnet } = network;
  const create = `link add name ${bridge} type bridge stp_state 0 forward_delay 0\n`;
  return [
    link ? "" : create,
    `link set dev ${bridge} mtu ${mtu} alias ${tag} up\n`,
    `addr flush dev ${bridge}\n`,
    `addr add ${gateway}/${subnet.split("/")[1]} brd + dev ${bridge}\n`,
  ].join("");
}

async function hasAddress(network: NetworkState): Promise<boolean> {
  const [routes, local] = await Promise.all([mainRoutes(), isLocalAddress(network.gateway)]);
  const onBridge = routes.filter((route) => route.device === network.bridge);
  return local && onBridge.some((route) => formatSubnet(route.subnet) === network.subnet);
}

async function refuseOverlap(network: NetworkState): Promise<void> {
  const subnet = parseSubnet(network.subnet);
  const taken = (await hostRanges()).find(
    (range) =>
      subnet &&
      range.device !== undefined &&
      range.device !== network.bridge &&
      isClaim(range.subnet) &&
      overlaps(range.subnet, subnet),
  );
  if (!taken) return;
  const range = formatSubnet(taken.subnet);
  throw new BothyError(
    "NETWORK_CONFLICT",
    `the project's subnet ${network.subnet} overlaps ${range}, which this host now reaches through ${taken.device}`,
    {
      hints: [
        `take the other away while the project runs: \`ip route show table all ${range}\` shows it`,
        "or `bothy destroy` and `bothy up`: the project then gets a subnet that is free",
      ],
    },
  );
}

function ipv6Setting(bridge: string): string {
  return `net/ipv6/conf/${bridge}/disable_ipv6`;
}
