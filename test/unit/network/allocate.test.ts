import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { allocate, allocated, release } from "../../../src/network/allocate.ts";
import { requireNetworks, writeNetworks } from "../../../src/network/state.ts";
import { type Layout, layout } from "../../../src/system/index.ts";

const project = "0123abcd";
const [a, b, c] = ["aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"] as const;
let store: Layout;

beforeEach(async () => {
  store = layout(await mkdtemp(join(tmpdir(), "bothy-network-")));
});

afterEach(async () => {
  await rm(store.home, { recursive: true });
});

const addresses = async (id: string, machines: readonly string[]) =>
  [...(await allocate(store, id, machines)).values()].flat().map((nic) => nic.address);

it("knows everything about a NIC before the start", async () => {
  const [nic] = (await allocate(store, project, [a])).get(a) ?? [];
  expect(nic).toMatchObject({ network: "default", bridge: "bob0123abcd", hostLink: `bo${a}0` });
  expect(nic?.address).toMatch(/\.2\/24$/);
  expect(nic?.gateway).toBe(nic?.address.replace(/\.2\/24$/, ".1"));
});

it("gives each machine one address and keeps it", async () => {
  const first = await addresses(project, [a, b]);
  expect(new Set(first).size).toBe(2);
  expect(await addresses(project, [b, a])).toEqual([...first].reverse());
  expect((await addresses(project, [a, b, c])).slice(0, 2)).toEqual(first);
  expect([...(await allocated(store, project)).keys()]).toEqual([a, b, c]);
});

it("never gives two projects the same subnet", async () => {
  const all = await Promise.all(["00000001", "00000002", "00000003"].map((id) => addresses(id, [a])));
  expect(new Set(all.flat()).size).toBe(3);
});

it("takes back what a destroyed machine had, and the subnet with the last one", async () => {
  const [, second] = await addresses(project, [a, b]);
  await release(store, project, [b]);
  await release(store, project, [b]);
  expect([...(await allocated(store, project)).keys()]).toEqual([a]);
  expect(await addresses(project, [c])).toEqual([second]);
  await release(store, project, [a, c, "unknown"]);
  await expect(readFile(store.project(project).network)).rejects.toMatchObject({ code: "ENOENT" });
  expect((await allocated(store, project)).size).toBe(0);
});

it("says when a subnet is full, and keeps what was there", async () => {
  await allocate(store, project, [a]);
  const state = await requireNetworks(store, project);
  const network = state.networks["default"];
  if (!network) throw new Error("no default network");
  const base = network.gateway.replace(/1$/, "");
  for (let host = 2; host < 255; host++) network.addresses[`machine${host}`] = `${base}${host}`;
  await writeNetworks(store, project, state);
  await expect(allocate(store, project, [b])).rejects.toMatchObject({
    code: "NETWORK_EXHAUSTED",
    message: expect.stringContaining("254 machines"),
  });
  expect(await requireNetworks(store, project)).toEqual(state);
});

it("does not give away what a damaged file still shows", async () => {
  const [before] = await addresses(project, [a]);
  const path = store.project(project).network;
  const text = await readFile(path, "utf8");
  await writeFile(path, text.slice(0, text.indexOf("gateway")));
  await expect(allocate(store, project, [a])).rejects.toMatchObject({ code: "STATE_INVALID" });
  await expect(allocated(store, project)).rejects.toMatchObject({ code: "STATE_INVALID" });
  expect(await addresses("00000002", [a])).not.toEqual([before]);
});

it.each([
  ["a newer version", { version: 2, networks: {} }, "version"],
  ["an address that is none", { version: 1, networks: { default: bad("10.83.0.999") } }, "addresses"],
  ["no JSON at all", "{", "expected object"],
])("refuses %s", async (_, content, reason) => {
  const path = store.project(project).network;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  await expect(allocated(store, project)).rejects.toMatchObject({
    code: "STATE_INVALID",
    message: expect.stringContaining(reason),
  });
});

function bad(address: string) {
  return { bridge: "bob0123abcd", subnet: "10.83.0.0/24", gateway: "10.83.0.1", addresses: { [a]: address } };
}
