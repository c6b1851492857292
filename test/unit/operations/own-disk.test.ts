import { writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { refuseLevel, requireBase, requireTools } from "../../../src/operations/own-disk.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { ensureFolder } from "../../../src/system/index.ts";
import { FakeBackend, fakeProvider } from "../../support/fake-provider.ts";
import { machineRecord } from "../../support/record.ts";
import { tempHome } from "../../support/temp-home.ts";

const digest = "e".repeat(64);
const disk = {
  digest,
  sizeBytes: 4,
  virtualBytes: 1024,
  firmware: "bios" as const,
  reason: "its root is on LVM",
};
const plain = machineRecord();
const own = machineRecord({ box: { ...plain.box, name: "team/legacy", disk } });

function providerOf(isolation: "vm" | "container"): Provider {
  return fakeProvider(new FakeBackend(), "tag", { isolation, bridges: [] });
}

it("runs as a VM only, and says why and how", () => {
  expect(() => refuseLevel(own, providerOf("vm"))).not.toThrow();
  expect(() => refuseLevel(plain, providerOf("container"))).not.toThrow();
  const asContainer = () => refuseLevel(own, providerOf("container"));
  expect(asContainer).toThrow("the box team/legacy cannot run as a container: its root is on LVM");
});

it("takes no commands that need our programs", () => {
  expect(() => requireTools(own, "`exec`")).toThrow(
    '`exec` needs bothy\'s tools in the machine, and "web" boots',
  );
  expect(() => requireTools(plain, "`exec`")).not.toThrow();
});

it("stands on the box's disk, which has to be there and whole", async () => {
  await using home = await tempHome();
  expect(await requireBase(home.layout, plain)).toBeUndefined();
  await expect(requireBase(home.layout, own)).rejects.toMatchObject({ code: "LAYER_DAMAGED" });
  await ensureFolder(home.layout.disks());
  await writeFile(home.layout.disk(digest), "disk");
  expect(await requireBase(home.layout, own)).toEqual({ path: home.layout.disk(digest), virtualBytes: 1024 });
});
