import { existsSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { allocate, ensureNetwork, removeNetwork, updateNames } from "../../../src/network/index.ts";
import type { Nic } from "../../../src/providers/provider.ts";
import { type Layout, run } from "../../../src/system/index.ts";
import { dismantle, ip, newStore, traces } from "./lab.ts";

const project = { id: "ffff0001", name: "lab" };
const bridge = "bobffff0001";
let store: Layout;
let nic: Nic;
let count = 0;

beforeEach(async () => {
  store = await newStore(`conflict${count++}`);
  nic = (await allocate(store, project.id, ["ffff00010000"])).get("ffff00010000")?.[0] as Nic;
});

afterEach(async () => {
  await dismantle(store, project.id);
  expect(await traces(store)).toEqual([]);
});

describe("what belongs to somebody else", () => {
  it("a bridge of our name is refused and left alone", async () => {
    await ip(`link add ${bridge} type bridge`);
    await expect(ensureNetwork(store, project.id)).rejects.toMatchObject({
      code: "NETWORK_CONFLICT",
      message: expect.stringContaining(`the link ${bridge} is not bothy's: it has no alias`),
    });
    await removeNetwork(store, project.id);
    expect(existsSync(`/sys/class/net/${bridge}`)).toBe(true);
    await run(["ip", "link", "del", bridge]);
  });

  it("a host side of our name is refused before the start, one of ours is not", async () => {
    await ensureNetwork(store, project.id);
    await ip(`link add ${nic.hostLink} type veth peer name p0`);
    await expect(ensureNetwork(store, project.id, [nic])).rejects.toMatchObject({ code: "NETWORK_CONFLICT" });
    await ip(`link set ${nic.hostLink} master ${bridge}`); // as QEMU's tap before the provider tags it
    await ensureNetwork(store, project.id, [nic]);
  });

  it("a subnet that the host now reaches elsewhere is refused, naming the device", async () => {
    await ip(`route add 10.83.0.0/20 dev uplink table 42`);
    await expect(ensureNetwork(store, project.id)).rejects.toMatchObject({
      code: "NETWORK_CONFLICT",
      message: expect.stringMatching(/10\.83\.0\.0\/24 overlaps 10\.83\.0\.0\/20, .* through uplink/),
    });
    await ip(`route del 10.83.0.0/20 table 42`);
    await ensureNetwork(store, project.id);
  });

  it("a subnet in use is not picked", async () => {
    await ip("addr add 10.83.1.7/24 dev uplink");
    const nics = await allocate(store, "ffff0002", ["ffff00020000"]);
    expect(nics.get("ffff00020000")?.[0]?.address).toBe("10.83.2.2/24");
    await ip("addr del 10.83.1.7/24 dev uplink");
  });

  it("ports that another server holds are refused in words", async () => {
    await ensureNetwork(store, project.id);
    const { createSocket } = await import("node:dgram");
    const socket = createSocket("udp4");
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject).bind(53, "0.0.0.0", resolve);
    });
    await expect(updateNames(store, project, [])).rejects.toMatchObject({
      code: "NETWORK_CONFLICT",
      message: expect.stringContaining("Address already in use"),
    });
    await new Promise<void>((resolve) => socket.close(resolve));
    await updateNames(store, project, []);
  });
});
