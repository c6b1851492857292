import { expect, test } from "vitest";
import {
  diskName,
  domainNames,
  domainUuid,
  isDead,
  isEnding,
  MAX_DEVICES,
  METADATA_NAMESPACE,
  machineState,
  parseMetadata,
  pciAddress,
} from "../../../../src/providers/libvirt/domain/index.ts";
import { runSpec } from "./fixtures.ts";

test("the UUID follows store and machine, and is a valid one", () => {
  const uuid = domainUuid("abcdef", "0a1b2c3d4e5f");
  expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(domainUuid("abcdef", "0a1b2c3d4e5f")).toBe(uuid);
  expect(domainUuid("fedcba", "0a1b2c3d4e5f")).not.toBe(uuid);
  expect(domainUuid("abcdef", "0a1b2c3d4e50")).not.toBe(uuid);
});

test("a machine of a project with the same name gets its id into the domain's name", () => {
  expect(domainNames(runSpec())).toEqual(["bothy-shop-db", "bothy-shop-db-0a1b2c3d4e5f"]);
});

test("metadata as libvirt gives it back", () => {
  const xml = `<machine xmlns:bothy="${METADATA_NAMESPACE}" format="1" store="abcdef" id="0a1b2c3d4e5f" name="a&amp;&#x3c;&quot;&#39;" project="11223344" project-name='shop' started="1800000000"/>`;
  expect(parseMetadata(xml)).toEqual({
    store: "abcdef",
    id: "0a1b2c3d4e5f",
    name: `a&<"'`,
    projectId: "11223344",
    projectName: "shop",
    startedS: 1_800_000_000,
  });
  expect(parseMetadata(xml.replace("<machine", "<bothy:machine"))).toBeDefined();
});

test.each([
  ["another format", '<machine format="2" store="a" id="b" name="c" project="d" project-name="e"/>'],
  ["a part is missing", '<machine format="1" store="a" id="b"/>'],
  ["another element", '<thing format="1"/>'],
  ["nothing", ""],
])("metadata that is not ours: %s", (_, xml) => {
  expect(parseMetadata(xml)).toBeUndefined();
});

test.each([
  ["running", "booted", "running"],
  ["running", "crashed", "broken"],
  ["blocked", "unknown", "running"],
  ["paused", "starting-up", "starting"],
  ["paused", "user", "suspended"],
  ["paused", "ioerror", "suspended"],
  ["paused", "crashed", "broken"],
  ["paused", "shutting-down", "running"],
  ["shutdown", "user", "running"],
  ["shutoff", "destroyed", "stopped"],
  ["crashed", "panicked", "broken"],
  ["pmsuspended", "unknown", "suspended"],
  ["unknown", "unknown", "broken"],
] as const)("%s (%s) is %s", (state, reason, ours) => {
  expect(machineState({ state, reason }).state).toBe(ours);
});

test.each([
  ["paused", "user", false, false],
  ["paused", "ioerror", false, false],
  ["pmsuspended", "unknown", false, false],
  ["paused", "shutting-down", true, false],
  ["shutdown", "user", true, false],
  ["paused", "crashed", false, true],
  ["crashed", "panicked", false, true],
] as const)("%s (%s): is it ending, is it dead?", (state, reason, ending, dead) => {
  expect([isEnding({ state, reason }), isDead({ state, reason })]).toEqual([ending, dead]);
});

test("disk names go on after z", () => {
  expect([0, 25, 26, 51, 52].map(diskName)).toEqual(["vda", "vdz", "vdaa", "vdaz", "vdba"]);
});

test("devices sit eight to a slot, and there is an end to it", () => {
  expect(pciAddress(0)).toEqual({ slot: "0x03", function: "0x0", multifunction: true });
  expect(pciAddress(9)).toEqual({ slot: "0x04", function: "0x1", multifunction: false });
  expect(pciAddress(MAX_DEVICES - 1).slot).toBe("0x1e");
  expect(() => pciAddress(MAX_DEVICES)).toThrow(RangeError);
});
