import { mkdir, writeFile } from "node:fs/promises";
import { linkTag } from "../../../src/network/index.ts";
import type { Nic } from "../../../src/providers/provider.ts";
import { layout, type Layout, run, start } from "../../../src/system/index.ts";

/** The host's address towards the outside, and the outside's own. */
export const UPLINK = "192.0.2.1";
export const WORLD = "192.0.2.2";

/** A store below /run, which is the namespace's own. */
export async function newStore(name: string): Promise<Layout> {
  const home = `/run/store-${name}`;
  await mkdir(home);
  return layout(home);
}

/** The outside world: a network namespace behind the host's default route, with a DNS server and a web server. */
export async function makeWorld(): Promise<void> {
  await run(["ip", "netns", "add", "world"]);
  await ip(`
    link add uplink mtu 1400 type veth peer name eth0 netns world
    addr add ${UPLINK}/24 dev uplink
    link set uplink up
    route add default via ${WORLD}`);
  await inside("world", ["ip", "addr", "add", `${WORLD}/24`, "dev", "eth0"]);
  await inside("world", ["ip", "link", "set", "eth0", "up"]);
  await inside("world", ["ip", "link", "set", "lo", "up"]);
  await inside("world", ["ip", "route", "add", "10.83.0.0/16", "via", UPLINK]);
  const names = ["--no-resolv", "--no-hosts", "--address=/example.test/192.0.2.2", "--log-facility=/run/world.log"];
  await inside("world", ["dnsmasq", "-C", "/dev/null", "--pid-file=", "--log-queries", ...names]);
  await serve("world", 8080);
  await writeFile("/run/resolv.conf", `nameserver ${WORLD}\n`);
  await run(["mount", "--bind", "/run/resolv.conf", "/etc/resolv.conf"]);
}

/** A stand-in for a machine: a network namespace with the NIC's veth, as a provider plugs it. */
export async function plug(layout: Layout, project: string, name: string, nic: Nic): Promise<void> {
  await run(["ip", "netns", "add", name]);
  await ip(`
    link add ${nic.hostLink} type veth peer name eth0 address ${nic.mac} netns ${name}
    link set ${nic.hostLink} alias ${linkTag(layout, project)} master ${nic.bridge} up`);
  await inside(name, ["ip", "link", "set", "lo", "up"]);
  await inside(name, ["ip", "link", "set", "eth0", "up"]);
}

/** Gives the machine its address as the seed would. */
export async function configure(name: string, nic: Nic): Promise<void> {
  await inside(name, ["ip", "addr", "replace", nic.address, "dev", "eth0"]);
  await inside(name, ["ip", "route", "replace", "default", "via", nic.gateway ?? ""]);
}

/** A web server that answers with the client's address. */
export async function serve(name: string, port: number): Promise<void> {
  const code = `require("http").createServer((q,r)=>r.end(q.socket.remoteAddress)).listen(${port},"0.0.0.0",()=>console.log("up"))`;
  const child = start([...enter(name), process.execPath, "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => child.stdout?.once("data", resolve));
}

/** What a web server says, or the word `failed`. */
export async function fetchFrom(name: string, url: string): Promise<string> {
  const argv = ["busybox", "wget", "-q", "-T", "2", "-O", "-", url];
  const { exitCode, stdout } = await inside(name, argv, [0, 1]);
  return exitCode === 0 ? stdout : "failed";
}

/** Whether one ping is answered. */
export async function pings(name: string, address: string): Promise<boolean> {
  const { exitCode } = await inside(name, ["busybox", "ping", "-c", "1", "-W", "1", address], [0, 1]);
  return exitCode === 0;
}

/** The output of nslookup without the server's lines. */
export async function lookup(name: string, query: string, server: string): Promise<string> {
  const { stdout } = await inside(name, ["busybox", "nslookup", query, server], [0, 1]);
  return stdout.split("\n").slice(3).join("\n").trim();
}

/** The address that DHCP gives, with what the client was told; `undefined` when nobody answers. */
export async function dhcp(name: string): Promise<Record<string, string> | undefined> {
  const script = "/run/udhcpc.sh";
  await writeFile(script, '#!/bin/sh\n[ "$1" = bound ] && env\nexit 0\n', { mode: 0o755 });
  const argv = ["busybox", "udhcpc", "-i", "eth0", "-f", "-n", "-q", "-t", "2", "-T", "1", "-s", script];
  const options = ["-O", "search", "-O", "mtu"];
  const { exitCode, stdout } = await inside(name, [...argv, ...options], [0, 1]);
  if (exitCode !== 0) return undefined;
  return Object.fromEntries(stdout.split("\n").map((line) => line.split("=", 2)));
}

/** Runs a program in a machine or in the world. */
export function inside(name: string, argv: readonly string[], okCodes: readonly number[] = [0]) {
  return run([...enter(name), ...argv], { okCodes });
}

/** Runs lines of `ip -batch`. */
export async function ip(lines: string): Promise<void> {
  await run(["ip", "-batch", "-"], { input: `${lines.trim()}\n` });
}

function enter(name: string): string[] {
  return ["ip", "netns", "exec", name];
}
