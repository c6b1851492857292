import { join } from "node:path";
import { expect, it } from "vitest";
import { createBootDisk } from "../../../src/machines/boot-disk.ts";
import { run, statIfExists } from "../../../src/system/index.ts";
import { tempHome } from "../../support/temp-home.ts";

const MIB = 1024 * 1024;

it.each([
  ["as large as wished", 64, 64],
  ["never smaller than the box's", 1, 8],
])("makes a disk %s over the box's", async (_, sizeMiB, expectedMiB) => {
  await using home = await tempHome();
  const folder = await home.sub("disks");
  const base = join(folder, "base.qcow2");
  await run(["qemu-img", "create", "-q", "-f", "qcow2", base, String(8 * MIB)]);
  const disk = join(folder, "disk.img");
  await createBootDisk(disk, { path: base, virtualBytes: 8 * MIB }, sizeMiB);
  const { stdout } = await run(["qemu-img", "info", "--output=json", disk]);
  expect(JSON.parse(stdout)).toMatchObject({
    format: "qcow2",
    "virtual-size": expectedMiB * MIB,
    "backing-filename": base,
    "backing-filename-format": "qcow2",
  });
});

it("leaves nothing where the box's disk is gone", async () => {
  await using home = await tempHome();
  const disk = join(await home.sub("disks"), "disk.img");
  await expect(createBootDisk(disk, { path: "/nowhere", virtualBytes: MIB }, 8)).rejects.toThrow("/nowhere");
  expect(await statIfExists(disk)).toBeUndefined();
});
