import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Layout, run } from "../../../src/system/index.ts";
import {
  dhcp,
  dismantle,
  fetchFrom,
  inside,
  lookup,
  makeProject,
  newStore,
  pings,
  serve,
  UPLINK,
  WORLD,
} from "./lab.ts";

type Lab = Awaited<ReturnType<typeof makeProject>>;
let store: Layout;
let shop: Lab;
let other: Lab;
const servers: (() => void)[] = [];
const addressOf = (lab: Lab, name: string) => lab.nic(name).address.split("/")[0] ?? "";
const gatewayOf = (lab: Lab, name: string) => lab.nic(name).gateway ?? "";

beforeAll(async () => {
  store = await newStore("traffic");
  shop = await makeProject(store, { id: "bbbb0001", name: "shop" }, ["shop1", "shop2"]);
  other = await makeProject(store, { id: "bbbb0002", name: "other" }, ["other1"]);
  for (const name of ["shop2", "other1"]) servers.push(await serve(name, 80));
});

afterAll(async () => {
  for (const stop of servers) stop();
  await dismantle(store, "bbbb0001", "bbbb0002");
});

it("connects the machines of a project, with br_netfilter asking the rules", async () => {
  expect(await readFile("/proc/sys/net/bridge/bridge-nf-call-iptables", "utf8")).toBe("1\n");
  expect(await fetchFrom("shop1", addressOf(shop, "shop2"), 80)).toBe(addressOf(shop, "shop1"));
});

it("lets machines out under the host's address", async () => {
  expect(await fetchFrom("shop1", WORLD, 8080)).toBe(UPLINK);
});

it("lets nobody outside in", async () => {
  expect(await fetchFrom("world", addressOf(shop, "shop2"), 80)).toBe("EHOSTUNREACH");
  expect(await pings("world", addressOf(shop, "shop2"))).toBe(false);
  expect(await lookup("world", "shop1", gatewayOf(shop, "shop1"))).toMatch("no answer");
});

it("separates projects, also by way of the other's gateway", async () => {
  expect(await fetchFrom("shop1", addressOf(other, "other1"), 80)).toBe("EHOSTUNREACH");
  expect(await pings("shop1", gatewayOf(other, "other1"))).toBe(false);
  expect(await lookup("shop1", "other1", gatewayOf(other, "other1"))).toMatch("no answer");
});

it("lets the host reach the machines, and machines only names, DHCP and ping of the host", async () => {
  const { stdout } = await run([process.execPath, "-e", clientOf(addressOf(shop, "shop2"))]);
  expect(stdout.trim()).toBe(gatewayOf(shop, "shop1"));
  expect(await pings("shop1", gatewayOf(shop, "shop1"))).toBe(true);
  const stop = await listenOnHost(8088);
  expect(await fetchFrom("shop1", gatewayOf(shop, "shop1"), 8088)).toBe("EHOSTUNREACH");
  expect(await fetchFrom("shop1", UPLINK, 8088)).toBe("EHOSTUNREACH");
  expect(await fetchFrom("world", UPLINK, 8088)).toBe(WORLD);
  expect(await dhcp("shop1")).toBeDefined();
  await stop();
});

it("keeps the host's IPv6 off the bridge", async () => {
  const { stdout } = await run(["ip", "-6", "addr", "show", "dev", shop.nic("shop1").bridge]);
  expect(stdout).toBe("");
});

it("lowers the segment size to what the way out carries", async () => {
  const { stdout } = await run([
    "nft",
    "list",
    "chain",
    "inet",
    `bothy_${store.tag}_bbbb0001`,
    "from-bobbbbb0001",
  ]);
  expect(stdout).toContain("tcp option maxseg size set rt mtu");
});

it("drops forged senders", async () => {
  const forged = "10.99.0.1";
  await inside("shop1", ["ip", "addr", "add", `${forged}/32`, "dev", "lo"]);
  await run(["ip", "route", "add", forged, "via", addressOf(shop, "shop1")]); // an answer would find its way
  await inside("world", ["ip", "route", "add", forged, "via", UPLINK]);
  const ping = ["busybox", "ping", "-c1", "-W1", "-I", forged, WORLD];
  expect((await inside("shop1", ping, [0, 1])).exitCode).toBe(1);
  await run(["nft", "flush", "chain", "inet", `bothy_${store.tag}_bbbb0001`, "from-bobbbbb0001"]);
  expect((await inside("shop1", ping, [0, 1])).exitCode).toBe(0); // it was the rule
});

function clientOf(address: string): string {
  return `require("http").get("http://${address}/", { agent: false }, (r) => r.pipe(process.stdout))`;
}

async function listenOnHost(port: number): Promise<() => Promise<void>> {
  const { createServer } = await import("node:http");
  const server = createServer((request, response) => {
    response.end(request.socket.remoteAddress);
  });
  await new Promise<void>((resolve) => server.listen(port, "0.0.0.0", resolve));
  return () => new Promise((resolve) => server.close(() => resolve()));
}
