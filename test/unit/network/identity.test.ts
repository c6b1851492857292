import { expect, it } from "vitest";
import {
  bridgeName,
  domainOf,
  HOST_LINK,
  hostLinkName,
  linkTag,
  macAddress,
  projectOfTag,
  tableName,
} from "../../../src/network/identity.ts";
import { layout } from "../../../src/system/index.ts";

const store = layout("/var/lib/bothy");

it("keeps link names within Linux's 15 characters", () => {
  expect(bridgeName("0123abcd")).toBe("bob0123abcd");
  expect(hostLinkName("0123456789ab", 9)).toBe("bo0123456789ab9");
  expect(hostLinkName("0123456789ab", 9)).toHaveLength(15);
  expect(hostLinkName("0123456789ab", 9)).toMatch(HOST_LINK);
  expect(bridgeName("0123abcd")).not.toMatch(HOST_LINK);
});

it("tells this store's links from another's", () => {
  expect(projectOfTag(store, linkTag(store, "0123abcd"))).toBe("0123abcd");
  expect(projectOfTag(layout("/elsewhere"), linkTag(store, "0123abcd"))).toBeUndefined();
  expect(projectOfTag(store, "")).toBeUndefined();
  expect(tableName(store, "0123abcd")).toBe(`bothy_${store.tag}_0123abcd`);
});

it("gives a NIC the same MAC always, and no two of a network the same", () => {
  const mac = macAddress("0123456789ab", "default", "10.83.0.17");
  expect(mac).toMatch(/^52:54:00:[0-9a-f]{2}:[0-9a-f]{2}:11$/);
  expect(macAddress("0123456789ab", "default", "10.83.0.17")).toBe(mac);
  expect(macAddress("0123456789ab", "backend", "10.83.0.17")).not.toBe(mac);
  expect(macAddress("0123456789ab", "default", "10.83.0.18")).not.toBe(mac);
});

it("puts the project below internal", () => {
  expect(domainOf("shop")).toBe("shop.internal");
});
