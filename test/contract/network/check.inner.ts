import { afterAll, beforeAll, expect, it } from "vitest";
import { checkNetwork } from "../../../src/network/index.ts";
import { type Layout, run } from "../../../src/system/index.ts";
import { dhcp, dismantle, fetchFrom, makeProject, newStore, UPLINK, WORLD } from "./lab.ts";

const project = { id: "eeee0001", name: "walled" };
let store: Layout;

beforeAll(async () => {
  store = await newStore("check");
  await makeProject(store, project, ["walled"]);
});

afterAll(() => dismantle(store, project.id));

it("finds nothing amiss on a plain host, bothy's own rules included", async () => {
  const findings = await checkNetwork();
  expect(findings.map(({ id, status }) => `${id} ${status}`)).toEqual([
    "tool-ip ok",
    "tool-nft ok",
    "tool-dnsmasq ok",
    "host-firewall ok",
  ]);
});

const walls: Record<string, string> = {
  iptables: "iptables -P FORWARD DROP && iptables -P INPUT DROP",
  docker: "iptables -P FORWARD DROP && iptables -N DOCKER-USER && iptables -A FORWARD -j DOCKER-USER",
  nftables: `nft 'add table inet wall; add chain inet wall pass { type filter hook forward priority 10; policy drop; }'`,
};

it.each(Object.entries(walls))("finds what %s drops, and its hint mends it", async (_, command) => {
  await run(["sh", "-c", command]);
  const found = (await checkNetwork()).filter(({ status }) => status === "warning");
  expect(found.map(({ id }) => id)).toContain("host-firewall-forward");
  expect(await fetchFrom("walled", WORLD, 8080)).toBe("timeout");
  for (const { hint } of found) await run(["sh", "-c", hint ?? "false"]);
  expect((await checkNetwork()).filter(({ status }) => status !== "ok")).toEqual([]);
  expect(await fetchFrom("walled", WORLD, 8080)).toBe(UPLINK);
  expect(await dhcp("walled")).toBeDefined();
  await run(["sh", "-c", "nft delete table ip filter; nft delete table inet wall; true"]);
});
