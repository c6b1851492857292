import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { allocate, ensureNetwork, inspectNetwork, updateNames } from "../../../src/network/index.ts";
import type { Nic } from "../../../src/providers/provider.ts";
import { type Layout, run } from "../../../src/system/index.ts";
import {
  commandsOf,
  dismantle,
  fetchFrom,
  lookup,
  makeProject,
  newStore,
  plug,
  traces,
  UPLINK,
  WORLD,
} from "./lab.ts";

const project = { id: "cccc0001", name: "lab" };
const bridge = "bobcccc0001";
let store: Layout;
let nic: Nic;
let count = 0;

beforeEach(async () => {
  store = await newStore(`ensure${count++}`);
  nic = (await allocate(store, project.id, ["cccc00010000"])).get("cccc00010000")?.[0] as Nic;
});

afterEach(async () => {
  await dismantle(store, project.id);
  expect(await traces(store)).toEqual([]);
});

const live = async () => (await inspectNetwork(store, project.id))[0];

describe("ensureNetwork", () => {
  it("makes the bridge as promised", async () => {
    expect(await live()).toMatchObject({ up: false, ports: 0 });
    await ensureNetwork(store, project.id);
    const { stdout } = await run(["ip", "-d", "-j", "addr", "show", "dev", bridge]);
    const [link] = JSON.parse(stdout) as [Record<string, unknown>];
    expect(link).toMatchObject({
      mtu: 1400,
      ifalias: `bothy:${store.tag}:${project.id}`,
      linkinfo: { info_kind: "bridge", info_data: { stp_state: 0 } },
      addr_info: [{ local: nic.gateway, prefixlen: 24 }],
    });
    expect(await readFile("/proc/sys/net/ipv4/ip_forward", "utf8")).toBe("1\n");
    expect(await live()).toMatchObject({ name: "default", up: true, ports: 0, namesPid: undefined });
  });

  it("only looks when everything is there", async () => {
    await ensureNetwork(store, project.id);
    const commands = await commandsOf(() => ensureNetwork(store, project.id));
    expect(commands).toEqual([`nft -s list table inet bothy_${store.tag}_${project.id}`]);
  });

  it("keeps the bridge's MTU when machines with a larger one are plugged in", async () => {
    await ensureNetwork(store, project.id);
    await plug(store, project.id, "m0", nic);
    expect((await readFile(`/sys/class/net/${bridge}/mtu`, "utf8")).trim()).toBe("1400");
  });

  const damages: Record<string, string[]> = {
    "the bridge is gone": ["ip", "link", "del", bridge],
    "the bridge is down": ["ip", "link", "set", bridge, "down"],
    "its address is gone": ["ip", "addr", "flush", "dev", bridge],
    "its address is another": [
      "sh",
      "-c",
      `ip addr flush dev ${bridge} && ip addr add 10.99.0.1/24 dev ${bridge}`,
    ],
    "IPv6 was switched on": ["sh", "-c", `echo 0 > /proc/sys/net/ipv6/conf/${bridge}/disable_ipv6`],
    "forwarding was switched off": ["sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_forward"],
    "all rules were flushed": ["nft", "flush", "ruleset"],
    "a chain was emptied": [
      "sh",
      "-c",
      `nft flush chain inet $(nft list tables | cut -d' ' -f3) to-${bridge}`,
    ],
    "a rule was added": [
      "sh",
      "-c",
      `nft add rule inet $(nft list tables | cut -d' ' -f3) to-${bridge} accept`,
    ],
  };

  it.each(Object.entries(damages))("mends it when %s", async (_, command) => {
    await ensureNetwork(store, project.id);
    const before = await snapshot();
    await run(command);
    expect(await snapshot()).not.toEqual(before);
    await ensureNetwork(store, project.id);
    expect(await snapshot()).toEqual(before);
  });

  it("makes all of it again after a reboot, names included", async () => {
    const lab = await makeProject(store, project, ["reborn"]);
    const pid = (await live())?.namesPid;
    await run(["ip", "link", "del", bridge]);
    await run(["nft", "flush", "ruleset"]);
    await run(["ip", "netns", "del", "reborn"]);
    await ensureNetwork(store, project.id);
    await updateNames(store, project, lab.machines);
    expect((await live())?.namesPid).not.toBe(pid); // it was bound to the old link
    await plug(store, project.id, "reborn", lab.nic("reborn"));
    expect(await lookup("reborn", "reborn", nic.gateway ?? "")).toBe(nic.address.split("/")[0]);
    expect(await fetchFrom("reborn", WORLD, 8080)).toBe(UPLINK);
  });
});

/** Everything of ours that the kernel has, without numbers that change. */
async function snapshot(): Promise<string[]> {
  const addresses = await run(["ip", "-br", "addr", "show", "dev", bridge], { okCodes: [0, 1] });
  const rules = await run(["nft", "-s", "list", "ruleset"]);
  const settings = ["ipv4/ip_forward", `ipv6/conf/${bridge}/disable_ipv6`].map((name) =>
    readFile(`/proc/sys/net/${name}`, "utf8").catch(() => ""),
  );
  return [addresses.stdout, rules.stdout, ...(await Promise.all(settings))];
}
