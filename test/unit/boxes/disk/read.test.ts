import { join } from "node:path";
import { expect, test } from "vitest";
import { inspectDisk } from "../../../../src/boxes/disk/convert.ts";
import { keepWhole, readDisks } from "../../../../src/boxes/disk/read.ts";
import { readText } from "../../../../src/boxes/layer/index.ts";
import { makeDisk, plant, SYSTEM, toQcow2 } from "../../../support/disks.ts";
import { tempHome } from "../../../support/temp-home.ts";

test("a whole disk without a table becomes a layer", async () => {
  await using home = await tempHome();
  const tree = await home.sub("tree");
  await plant(tree, SYSTEM);
  const raw = join(home.folder, "raw");
  await makeDisk(raw, "none", [{ fs: "ext4", sizeMiB: 8, tree }]);
  const disks = [await inspectDisk(raw, "raw", "web")];
  const request = { disks, title: "web", scratch: join(home.folder, "scratch") };
  const content = await readDisks(home.layout, request);
  if (!("layer" in content)) throw new Error(content.reason);
  expect(await readText(home.layout, [content.layer], "/etc/os-release")).toBe("ID=fake\n");
});

test("an encrypted disk says why it is kept whole, and how it boots", async () => {
  await using home = await tempHome();
  const raw = join(home.folder, "raw");
  const image = join(home.folder, "qcow2");
  await makeDisk(raw, "gpt", [
    { fs: "vfat", sizeMiB: 4, type: "uefi" },
    { fs: "luks", sizeMiB: 20 },
  ]);
  await toQcow2(raw, image);
  const disks = [await inspectDisk(image, "qcow2", "web")];
  const request = { disks, title: "web", scratch: join(home.folder, "scratch") };
  const content = await readDisks(home.layout, request);
  if (!("reason" in content)) throw new Error("it was read");
  expect(content).toMatchObject({
    firmware: "efi",
    reason: "no Linux system that bothy can read: partition 1 (vfat), partition 2 (crypto_LUKS)",
  });
  const disk = await keepWhole(home.layout, request, content);
  expect(disk).toMatchObject({ firmware: "efi", reason: content.reason, virtualBytes: 26 << 20 });
});
