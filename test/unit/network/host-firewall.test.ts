import { describe, expect, it } from "vitest";
import { detailOf, hintOf, keeperOf } from "../../../src/network/firewall-hints.ts";
import { letsOursPass, parseChains, parseLegacy } from "../../../src/network/host-firewall.ts";
import { recorded } from "./recorded.ts";

const forward = { family: "ip", table: "filter", name: "FORWARD", hook: "forward" } as const;
const input = { family: "ip", table: "filter", name: "INPUT", hook: "input" } as const;
const native = { family: "inet", table: "mine", name: "routed", hook: "forward" } as const;

it("finds the chains with policy drop on our packets' way", () => {
  expect(parseChains(recorded("chains-docker"))).toEqual([forward, input, native]);
  expect(parseChains(recorded("chains-empty"))).toEqual([]);
});

describe("letsOursPass", () => {
  it("finds no rule for us in what Docker sets up", () => {
    expect(letsOursPass(recorded("table-docker"), forward)).toBe(false);
    expect(letsOursPass(recorded("iptables-S"), forward)).toBe(false);
  });

  it("finds rules in chains that are jumped to, for the hook in question only", () => {
    expect(letsOursPass(recorded("table-docker-mended"), forward)).toBe(true);
    expect(letsOursPass(recorded("table-docker-mended"), input)).toBe(false);
    expect(letsOursPass(recorded("iptables-S-mended"), forward)).toBe(true);
    expect(letsOursPass(recorded("iptables-S-mended"), input)).toBe(false);
  });

  it("wants both directions of forwarding", () => {
    const oneWay = recorded("table-docker-mended").replace('oifname "bob*"', 'oifname "eth0"');
    expect(letsOursPass(oneWay, forward)).toBe(false);
  });
});

it("reads the policies of the old iptables", () => {
  expect(parseLegacy(recorded("iptables-S")).map(({ chain }) => chain.name)).toEqual(["FORWARD", "INPUT"]);
  expect(parseLegacy(recorded("iptables-S-mended")).map(({ chain }) => chain.name)).toEqual(["INPUT"]);
  expect(parseLegacy("-P INPUT ACCEPT\n-P FORWARD ACCEPT\n")).toEqual([]);
});

describe("what to type", () => {
  it("knows who keeps a chain", () => {
    expect(keeperOf(forward, recorded("table-docker"))).toBe("docker");
    expect(keeperOf(input, recorded("table-docker"))).toBe("iptables");
    expect(keeperOf(input, "-A ufw-user-input -p tcp --dport 22 -j ACCEPT")).toBe("ufw");
    expect(keeperOf(native, "")).toBe("nftables");
    expect(keeperOf({ ...forward, family: "inet", table: "firewalld" }, "")).toBe("firewalld");
  });

  it.each([
    [
      "docker",
      forward,
      "iptables -I DOCKER-USER -i bob+ -j ACCEPT && iptables -I DOCKER-USER -o bob+ -j ACCEPT",
    ],
    ["iptables", input, "iptables -I INPUT -i bob+ -j ACCEPT"],
    ["ufw", forward, "ufw route allow in on bob+ && ufw route allow out on bob+"],
    ["ufw", input, "ufw allow in on bob+"],
    [
      "nftables",
      native,
      `nft insert rule inet mine routed iifname '"bob*"' accept && nft insert rule inet mine routed oifname '"bob*"' accept`,
    ],
  ] as const)("%s: %o", (keeper, chain, command) => {
    expect(hintOf({ keeper, chain })).toBe(command);
  });

  it("says what machines lose", () => {
    expect(detailOf({ keeper: "docker", chain: forward })).toBe(
      "docker: the chain ip filter FORWARD drops what it has no rule for: machines reach nothing outside",
    );
  });
});
