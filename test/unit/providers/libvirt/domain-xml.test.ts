import { expect, test } from "vitest";
import {
  type DomainFacts,
  domainView,
  renderDomain,
  type VmSpec,
} from "../../../../src/providers/libvirt/domain/index.ts";
import { layers, runSpec } from "./fixtures.ts";

const facts: DomainFacts = {
  name: "bothy-shop-db",
  acceleration: "tcg",
  emulator: "/usr/bin/qemu-system-x86_64",
  seedDisk: "/run/bothy/machines/0a1b2c3d4e5f/libvirt/seed.tar",
  owner: { uid: 64055, gid: 64055 },
  startedS: 1_800_000_000,
};

const cases: [file: string, spec: Partial<VmSpec>, facts: Partial<DomainFacts>][] = [
  ["tcg-one-layer", {}, {}],
  ["kvm-one-layer", {}, { acceleration: "kvm" }],
  ["tcg-twelve-layers", { layers: layers(12) }, {}],
  ["fractional-cpus", { cpus: 1.5 }, {}],
  ["no-network", { nics: [] }, {}],
  ["marks-in-names", { name: `a&<"'`, consoleLog: "/store/a & b's/console.log" }, {}],
];

test.each(cases)("the whole domain: %s", async (file, spec, changed) => {
  const xml = await renderDomain(domainView(runSpec(spec), { ...facts, ...changed }));
  await expect(xml).toMatchFileSnapshot(`golden/${file}.xml`);
});

test("a number of processes is the guest's business, not the domain's", () => {
  expect(domainView(runSpec({ pids: 100 }), facts)).toEqual(domainView(runSpec(), facts));
});

test("less than one processor is one slowed down", () => {
  const view = domainView(runSpec({ cpus: 0.25 }), facts);
  expect([view.vcpus, view.quotaUs, view.periodUs]).toEqual([1, 25_000, 100_000]);
});

test("no two devices share a place", () => {
  const view = domainView(runSpec({ layers: layers(40) }), facts);
  const places = [
    view.rngAddress,
    ...view.nics.map((nic) => nic.address),
    ...view.disks.map((d) => d.address),
  ];
  expect(new Set(places.map((place) => `${place.slot}.${place.function}`)).size).toBe(places.length);
  expect(new Set(view.disks.map((disk) => disk.device)).size).toBe(view.disks.length);
});
