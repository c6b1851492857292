import { describe, expect, it } from "vitest";
import {
  configStamp,
  dhcpHostsText,
  hasStaleLease,
  hostsText,
  type NamesView,
  namesFiles,
  namesNetwork,
  renderConfig,
} from "../../../src/network/names-files.ts";
import type { ProjectNetworks } from "../../../src/network/state.ts";
import { layout } from "../../../src/system/index.ts";

const project = { id: "0123abcd", name: "shop" };
const state: ProjectNetworks = {
  version: 1,
  networks: {
    default: {
      bridge: "bob0123abcd",
      subnet: "10.83.4.0/24",
      gateway: "10.83.4.1",
      addresses: { aaaaaaaaaaaa: "10.83.4.2", bbbbbbbbbbbb: "10.83.4.3" },
    },
  },
};
const machines = [
  { id: "aaaaaaaaaaaa", name: "web" },
  { id: "bbbbbbbbbbbb", name: "db" },
  { id: "cccccccccccc", name: "without-address" },
];
const view: NamesView = {
  project,
  domain: "shop.internal",
  user: "dnsmasq",
  files: namesFiles(layout("/var/lib/bothy"), project.id),
  networks: [namesNetwork("bob0123abcd", "10.83.4.0/24", 17, 1400)],
};

it("renders the whole configuration", async () => {
  await expect(await renderConfig(view)).toMatchFileSnapshot("golden/dnsmasq.conf");
});

it("leaves the account to dnsmasq when there is none to name", async () => {
  expect(await renderConfig({ ...view, user: false })).not.toContain("user=");
});

it("stamps configurations alike when they are", async () => {
  expect(await configStamp({ ...view })).toBe(await configStamp(view));
  const reborn = { ...view, networks: [namesNetwork("bob0123abcd", "10.83.4.0/24", 18, 1400)] };
  expect(await configStamp(reborn)).not.toBe(await configStamp(view));
});

it("names machines long first, so that addresses resolve to the long name", () => {
  expect(hostsText(state, project, machines)).toBe(
    "10.83.4.2 web.shop.internal web\n10.83.4.3 db.shop.internal db\n",
  );
});

it("gives DHCP the allocated address by MAC", () => {
  expect(dhcpHostsText(state, machines)).toMatch(
    /^52:54:00:.*:02,10\.83\.4\.2,web\n52:54:00:.*:03,10\.83\.4\.3,db\n$/,
  );
});

describe("hasStaleLease", () => {
  const hosts = "52:54:00:aa:bb:02,10.83.4.2,web\n";

  it.each([
    ["", false],
    ["1700000000 52:54:00:aa:bb:02 10.83.4.2 web 01:52:54:00:aa:bb:02\n", false],
    ["1700000000 52:54:00:cc:dd:02 10.83.4.2 old *\n", true],
    ["1700000000 52:54:00:cc:dd:09 10.83.4.9 gone *\n", false],
  ])("%j: %s", (leases, expected) => {
    expect(hasStaleLease(leases, hosts)).toBe(expected);
  });
});
