import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import {
  allocate,
  ensureNetwork,
  linkTag,
  type ProjectRef,
  removeNetwork,
  updateNames,
} from "../../../src/network/index.ts";
import type { Nic } from "../../../src/providers/provider.ts";
import { type Layout, layout, run, setDebugSink, start } from "../../../src/system/index.ts";

/** The host's address towards the outside, and the outside's own. */
export const UPLINK = "192.0.2.1";
export const WORLD = "192.0.2.2";

/** A store below /run, which is the namespace's own. */
export async function newStore(name: string): Promise<Layout> {
  await mkdir(`/run/${name}`);
  return layout(`/run/${name}`);
}

/** A project with its network, its names, and a stand-in for each machine: name -> NIC. */
export async function makeProject(store: Layout, project: ProjectRef, names: readonly string[]) {
  const machines = names.map((name, index) => ({
    name,
    id: `${project.id}${String(index).padStart(4, "0")}`,
  }));
  const nics = await allocate(
    store,
    project.id,
    machines.map(({ id }) => id),
  );
  await ensureNetwork(store, project.id);
  await updateNames(store, project, machines);
  const byName = new Map<string, Nic>();
  for (const { name, id } of machines) {
    const nic = nics.get(id)?.[0];
    if (!nic) throw new Error(`no NIC for ${name}`);
    byName.set(name, nic);
    await plug(store, project.id, name, nic);
  }
  return { machines, nic: (name: string) => byName.get(name) as Nic };
}

/** Takes projects down, machines first. */
export async function dismantle(store: Layout, ...projectIds: string[]): Promise<void> {
  for (const name of machineNames.splice(0)) await run(["ip", "netns", "del", name], { okCodes: [0, 1] });
  for (const id of projectIds) await removeNetwork(store, id);
}

const machineNames: string[] = [];

/** A stand-in for a machine: a network namespace with the NIC's veth, plugged and configured as a provider does it. */
export async function plug(store: Layout, projectId: string, name: string, nic: Nic): Promise<void> {
  await run(["ip", "netns", "add", name]);
  machineNames.push(name);
  await ip(`
    link add ${nic.hostLink} type veth peer name eth0 address ${nic.mac} netns ${name}
    link set ${nic.hostLink} alias ${linkTag(store, projectId)} master ${nic.bridge} up`);
  const lines = `link set eth0 up\naddr add ${nic.address} dev eth0\nroute add default via ${nic.gateway}\n`;
  await run(["ip", "-n", name, "-batch", "-"], { input: lines });
}

/** A web server that answers with the client's address; the returned function ends it. */
export async function serve(name: string, port: number): Promise<() => void> {
  const code = `require("http").createServer((q, r) => r.end(q.socket.remoteAddress)).listen(${port}, "0.0.0.0", () => console.log("up"))`;
  const child = start([...enter(name), process.execPath, "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.stdout) await once(child.stdout, "data");
  return () => child.kill();
}

/** What a web server says, or how the connection failed (`ECONNREFUSED`, `EHOSTUNREACH`, `timeout`). */
export async function fetchFrom(name: string, address: string, port: number): Promise<string> {
  const code = `
    const request = require("http").get({ host: "${address}", port: ${port}, agent: false, timeout: 1000 });
    request.on("response", (response) => response.pipe(process.stdout));
    request.on("timeout", () => request.destroy({ code: "timeout" }));
    request.on("error", (error) => console.log(error.code));`;
  return (await inside(name, [process.execPath, "-e", code])).stdout.trim();
}

/** Whether one ping is answered. */
export async function pings(name: string, address: string): Promise<boolean> {
  const { exitCode } = await inside(name, ["busybox", "ping", "-c", "1", "-W", "1", address], [0, 1]);
  return exitCode === 0;
}

/** What a machine gets when it asks for a name or an address: the answers, or the error. */
export async function lookup(name: string, query: string, server: string): Promise<string> {
  const { stdout } = await inside(name, ["busybox", "nslookup", query, server], [0, 1]);
  const answer = /^Address: (.*)$|name = (.*)$|: (NXDOMAIN)$/m.exec(stdout.split("\n").slice(3).join("\n"));
  return answer?.[1] ?? answer?.[2] ?? answer?.[3] ?? `no answer: ${stdout}`;
}

/** What DHCP tells a machine, or `undefined` when nobody answers. */
export async function dhcp(name: string): Promise<Record<string, string> | undefined> {
  await writeFile("/run/udhcpc.sh", '#!/bin/sh\n[ "$1" = bound ] && env\nexit 0\n', { mode: 0o755 });
  const argv = ["busybox", "udhcpc", "-i", "eth0", "-fnq", "-t2", "-T1", "-s", "/run/udhcpc.sh", "-O", "mtu"];
  const { exitCode, stdout } = await inside(name, argv, [0, 1]);
  if (exitCode !== 0) return undefined;
  return Object.fromEntries(
    stdout
      .trim()
      .split("\n")
      .map((line) => line.split("=", 2)),
  );
}

/** The commands that bothy starts while `work` runs. */
export async function commandsOf(work: () => Promise<unknown>): Promise<string[]> {
  const commands: string[] = [];
  setDebugSink((line) => line.startsWith("start ") && commands.push(line.slice("start ".length)));
  await work().finally(() => setDebugSink(undefined));
  return commands;
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

/** Whatever a store has on the host: links, rules, processes, files. */
export async function traces(store: Layout): Promise<string[]> {
  const [links, tables, processes, files] = await Promise.all([
    run(["sh", "-c", `grep -ls "^bothy:${store.tag}:" /sys/class/net/*/ifalias || true`]),
    run(["nft", "list", "tables"]),
    run(["ps", "-eo", "args"]),
    run(["find", store.run, "-mindepth", "2"], { okCodes: [0, 1] }),
  ]);
  const lines = [tables, processes].flatMap(({ stdout }) => stdout.split("\n"));
  const found = lines.filter((line) => line.includes(store.tag) && !/^(find|sh|grep) /.test(line));
  return [...links.stdout.split("\n"), ...files.stdout.split("\n"), ...found].filter(Boolean);
}
