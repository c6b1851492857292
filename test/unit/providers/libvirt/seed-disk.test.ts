import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeCloudSeedDisk } from "../../../../src/providers/libvirt/seed-disk.ts";
import { run } from "../../../../src/system/index.ts";
import { tempHome } from "../../../support/temp-home.ts";

test("cloud-init finds its files on a FAT file system with its label, which nobody else reads", async () => {
  await using home = await tempHome();
  const seed = join(await home.sub("machine"), "seed");
  await mkdir(seed);
  const files = {
    "user-data": "#cloud-config\n",
    "meta-data": "instance-id: 1\n",
    "network-config": "version: 2\n",
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(seed, name), text);
  const target = join(seed, "../seed.img");
  await writeCloudSeedDisk(seed, target);
  expect((await run(["blkid", "-o", "value", "-s", "LABEL", target])).stdout).toBe("CIDATA\n");
  for (const [name, text] of Object.entries(files)) {
    expect((await run(["mtype", "-i", target, `::${name}`])).stdout).toBe(text);
  }
  expect((await stat(target)).mode & 0o777).toBe(0o600);
});
