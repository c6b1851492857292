import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { kernelOf } from "../../../src/operations/kernel-of.ts";
import { ensureFolder } from "../../../src/system/index.ts";
import { machineRecord } from "../../support/record.ts";
import { tempHome } from "../../support/temp-home.ts";

test("a machine boots its box's kernel where the project file says so, and only a whole one", async () => {
  await using home = await tempHome();
  const { box } = machineRecord();
  const digest = "e".repeat(64);
  const record = machineRecord({ kernel: "box", box: { ...box, kernel: { digest, version: "6.1" } } });
  const folder = home.layout.artefact("kernel", digest);
  const damaged = {
    code: "LAYER_DAMAGED",
    message: expect.stringContaining(folder),
    hints: [`bothy box verify --repair ${box.name}`],
  };
  await expect(kernelOf(home, record)).rejects.toMatchObject(damaged);
  await ensureFolder(folder);
  for (const name of ["vmlinuz", "initramfs", "modules.erofs"]) await writeFile(join(folder, name), "");
  await writeFile(join(folder, "kernel.json"), "{");
  await expect(kernelOf(home, record)).rejects.toMatchObject(damaged);
  await writeFile(join(folder, "kernel.json"), '{"version":"6.1"}');
  expect(await kernelOf(home, record)).toMatchObject({ digest, version: "6.1" });
  await rm(join(folder, "vmlinuz"));
  await expect(kernelOf(home, record)).rejects.toMatchObject(damaged);
});

test("ours is the default; a box without one cannot be told to boot it", async () => {
  await using home = await tempHome();
  expect(await kernelOf(home, machineRecord())).toBeUndefined(); // none was built
  await expect(kernelOf(home, machineRecord({ kernel: "box" }))).rejects.toMatchObject({
    code: "BOX_INVALID",
  });
});
