import { describe, expect, it } from "vitest";
import { parseRanges } from "../../../src/network/host.ts";
import {
  formatSubnet,
  freeAddress,
  freeSubnet,
  gatewayOf,
  netmask,
  overlaps,
  parseSubnet,
  reverseZone,
  type Subnet,
} from "../../../src/network/subnets.ts";
import { recorded } from "./recorded.ts";

const subnet = (text: string): Subnet => {
  const parsed = parseSubnet(text);
  if (!parsed) throw new Error(`not a subnet: ${text}`);
  return parsed;
};
const picked = (...taken: string[]) => {
  const free = freeSubnet(taken.map(subnet));
  return free && formatSubnet(free);
};

describe("parseSubnet", () => {
  it.each([
    ["10.83.0.0/24", "10.83.0.0/24"],
    ["192.168.255.77/17", "192.168.128.0/17"],
    ["10.8.0.2", "10.8.0.2/32"],
    ["255.255.255.255/32", "255.255.255.255/32"],
    ["0.0.0.0/0", "0.0.0.0/0"],
  ])("reads %s as %s", (text, expected) => {
    expect(formatSubnet(subnet(text))).toBe(expected);
  });

  it.each(["default", "fd00::/64", "10.83.0.256/24", "10.83.0/24", "10.83.0.0/33", "", "/8"])(
    "refuses %j",
    (text) => {
      expect(parseSubnet(text)).toBeUndefined();
    },
  );
});

describe("overlaps", () => {
  it.each([
    ["10.83.0.0/24", "10.83.0.0/24", true],
    ["10.83.0.0/24", "10.0.0.0/8", true],
    ["10.83.0.0/24", "10.83.0.255", true],
    ["10.83.0.0/24", "10.83.1.0/24", false],
    ["10.83.1.0/24", "10.83.0.0/23", true],
    ["192.168.0.0/17", "192.168.128.0/17", false],
    ["1.2.3.4/32", "0.0.0.0/0", true],
  ])("%s and %s: %s", (a, b, expected) => {
    expect(overlaps(subnet(a), subnet(b))).toBe(expected);
    expect(overlaps(subnet(b), subnet(a))).toBe(expected);
  });
});

describe("freeSubnet", () => {
  it.each([
    [[], "10.83.0.0/24"],
    [["10.83.0.0/24"], "10.83.1.0/24"],
    [["10.83.0.9"], "10.83.1.0/24"],
    [["10.83.0.0/22", "10.83.5.0/24"], "10.83.4.0/24"],
    [["10.0.0.0/8"], "172.27.0.0/24"],
    [["10.0.0.0/8", "172.16.0.0/12"], "192.168.128.0/24"],
    [["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], "198.18.0.0/24"],
    [["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15"], undefined],
  ])("beside %j takes %s", (taken, expected) => {
    expect(picked(...taken)).toBe(expected);
  });

  it("does not mistake a default route for one that claims a range, however it is written", () => {
    expect(picked("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1")).toBe("10.83.0.0/24");
  });

  it("stays clear of all tables, of links that are down and of blackholes on a real host", () => {
    const ranges = parseRanges(recorded("ip-route"), recorded("ip-addr"));
    expect(formatSubnet(freeSubnet(ranges.map((range) => range.subnet)) as Subnet)).toBe("10.83.4.0/24");
    const devices = new Map(ranges.map((range) => [formatSubnet(range.subnet), range.device]));
    expect(devices.get("10.83.0.0/23")).toBe("tun0"); // a routing table of its own
    expect(devices.get("10.83.3.0/24")).toBe("virbr0"); // an address of a link that is down
    expect(devices.get("10.83.2.0/24")).toBeUndefined(); // a blackhole
  });
});

describe("addresses", () => {
  it("has the gateway first and machines after it", () => {
    expect(gatewayOf(subnet("10.83.7.0/24"))).toBe("10.83.7.1");
    expect(freeAddress(subnet("10.83.7.0/24"), new Set())).toBe("10.83.7.2");
    expect(freeAddress(subnet("10.83.7.0/24"), new Set(["10.83.7.2", "10.83.7.4"]))).toBe("10.83.7.3");
  });

  it("ends before the broadcast address", () => {
    const used = new Set(Array.from({ length: 253 }, (_, index) => `10.83.7.${index + 2}`));
    expect(freeAddress(subnet("10.83.7.0/24"), used)).toBeUndefined();
    used.delete("10.83.7.254");
    expect(freeAddress(subnet("10.83.7.0/24"), used)).toBe("10.83.7.254");
  });

  it("writes masks and reverse zones", () => {
    expect(netmask(subnet("10.83.7.0/24"))).toBe("255.255.255.0");
    expect(reverseZone(subnet("10.83.7.0/24"))).toBe("7.83.10.in-addr.arpa");
  });
});
