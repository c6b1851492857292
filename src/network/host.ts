import { readFile } from "node:fs/promises";
import { run } from "../system/index.ts";
import { addressToNumber, numberToAddress, parseSubnet, type Subnet } from "./subnets.ts";

/** A range that the host already uses, by a route or by an address. */
export interface HostRange {
  readonly subnet: Subnet;
  /** Absent for routes that lead nowhere, such as `blackhole`. */
  readonly device: string | undefined;
}

/** An IPv4 route of the main table, as /proc/net/route shows it. */
export interface Route {
  readonly device: string;
  readonly subnet: Subnet;
  readonly metric: number;
}

const ETHERNET_MTU = 1500;

/** The ranges of all routing tables and of all addresses, also those of links that are down. */
export async function hostRanges(): Promise<HostRange[]> {
  const input = "route show table all\naddr show\n";
  const { stdout } = await run(["ip", "-4", "-j", "-batch", "-"], { input });
  const [routes = "[]", links = "[]"] = stdout.trim().split("\n");
  return parseRanges(routes, links);
}

/** The ranges in the outputs of `ip -4 -j route show table all` and `ip -4 -j addr show`. */
export function parseRanges(routes: string, links: string): HostRange[] {
  const ofRoutes = (JSON.parse(routes) as IpRoute[]).map((route) => range(route.dst, route.dev));
  const ofLinks = (JSON.parse(links) as IpLink[]).flatMap((link) =>
    (link.addr_info ?? []).map((info) => range(`${info.local}/${info.prefixlen}`, link.ifname)),
  );
  return [...ofRoutes, ...ofLinks].filter((found) => found !== undefined);
}

/** The main table's routes, without a process. */
export async function mainRoutes(): Promise<Route[]> {
  return parseMainRoutes(await readFile("/proc/net/route", "utf8"));
}

/** The routes in the text of /proc/net/route. */
export function parseMainRoutes(text: string): Route[] {
  const lines = text.trim().split("\n").slice(1);
  return lines.map((line) => {
    const [device = "", destination = "", , , , , metric = "", mask = ""] = line.split(/\s+/);
    const prefix = fromKernelHex(mask).toString(2).replaceAll("0", "").length;
    return { device, subnet: { base: fromKernelHex(destination), prefix }, metric: Number(metric) };
  });
}

/** Whether the host itself has that address, without a process. */
export async function isLocalAddress(address: string): Promise<boolean> {
  const trie = await readFile("/proc/net/fib_trie", "utf8");
  return trie.includes(`-- ${address}\n`);
}

/**
 * The MTU for bridges: that of the way out where it is smaller than Ethernet's (tunnels, clouds). Never larger:
 * machines have 1500, and a bridge would drop what the host sends them beyond that.
 */
export async function uplinkMtu(): Promise<number> {
  const ways = (await mainRoutes()).filter((route) => route.subnet.prefix === 0);
  const best = ways.sort((a, b) => a.metric - b.metric)[0];
  if (!best) return ETHERNET_MTU;
  const mtu = Number(await readFile(`/sys/class/net/${best.device}/mtu`, "utf8").catch(() => ETHERNET_MTU));
  return Math.min(mtu, ETHERNET_MTU);
}

interface IpRoute {
  readonly dst: string;
  readonly dev?: string;
}

interface IpLink {
  readonly ifname?: string;
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

function range(text: string, device: string | undefined): HostRange | undefined {
  const subnet = parseSubnet(text); // "default" and what is no IPv4 range drop out here
  return subnet && { subnet, device };
}

/** The kernel prints addresses as numbers of the host's byte order, which is little-endian where bothy runs. */
function fromKernelHex(hex: string): number {
  const dotted = numberToAddress(Number.parseInt(hex, 16)).split(".").reverse().join(".");
  return addressToNumber(dotted) ?? 0;
}
