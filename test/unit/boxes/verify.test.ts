import { chmod, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { digestOfText } from "../../../src/boxes/digest.ts";
import { findDamage, resolveLayers } from "../../../src/boxes/index.ts";
import { digestOfKernel } from "../../../src/boxes/kernel.ts";
import { ensureFolder } from "../../../src/system/index.ts";
import { tempHome } from "../../support/temp-home.ts";
import { putBox } from "./support.ts";

test("nothing is wrong with what was just put in, and its seal stays", async () => {
  await using home = await tempHome();
  const box = await putBox(home.layout, "web", ["a", "b"]);
  expect(await findDamage(home.layout, box)).toEqual([]);
  expect((await stat(home.layout.layer(box.layers[0]?.digest ?? ""))).mtimeMs).toBe(0);
});

test("a changed byte under a seal is found, and then machines are not started from it", async () => {
  await using home = await tempHome();
  const box = await putBox(home.layout, "web", ["a", "b"]);
  const { digest = "", sizeBytes = 0 } = box.layers[1] ?? {};
  const path = home.layout.layer(digest);
  await chmod(path, 0o644);
  await writeFile(path, Buffer.alloc(sizeBytes));
  await utimes(path, 0, 0); // as a failing disk would do it
  await resolveLayers(home.layout, box);
  const problem = expect.stringContaining(path);
  expect(await findDamage(home.layout, box)).toEqual([{ kind: "layer", digest, path, problem }]);
  await expect(resolveLayers(home.layout, box)).rejects.toMatchObject({ code: "LAYER_DAMAGED" });
});

test("a disk is checked as layers are", async () => {
  await using home = await tempHome();
  const digest = digestOfText("disk");
  const disk = { digest, sizeBytes: 4, virtualBytes: 4, firmware: "bios", reason: "LVM" } as const;
  const box = { layers: [], disk };
  const path = home.layout.disk(digest);
  expect(await findDamage(home.layout, box)).toEqual([
    { kind: "disk", digest, path, problem: `${path} is missing` },
  ]);
  await ensureFolder(home.layout.disks());
  await writeFile(path, "disk");
  expect(await findDamage(home.layout, box)).toEqual([]);
  await writeFile(path, "disc");
  expect(await findDamage(home.layout, box)).toMatchObject([
    { problem: `the content of ${path} has changed` },
  ]);
  await writeFile(path, "d");
  expect(await findDamage(home.layout, box)).toMatchObject([{ problem: expect.stringContaining("1 bytes") }]);
});

test("a kernel is checked by every byte of its files", async () => {
  await using home = await tempHome();
  const scratch = await home.sub("kernel");
  for (const name of ["vmlinuz", "initramfs", "modules.erofs", "kernel.json"])
    await writeFile(join(scratch, name), name);
  const digest = await digestOfKernel(scratch);
  const path = home.layout.artefact("kernel", digest);
  const box = { layers: [], kernel: { digest, version: "6.1" } };
  const problems = async () => (await findDamage(home.layout, box)).map(({ problem }) => problem);
  expect(await problems()).toEqual([`${path} is missing, or a file of it`]);
  await ensureFolder(dirname(path));
  await rename(scratch, path);
  expect(await problems()).toEqual([]);
  await writeFile(join(path, "vmlinuz"), "another");
  expect(await problems()).toEqual([`the content of ${path} has changed`]);
  await rm(join(path, "initramfs"));
  expect(await problems()).toEqual([`${path} is missing, or a file of it`]);
});

test("what boxes share is read once", async () => {
  await using home = await tempHome();
  const one = await putBox(home.layout, "one", ["a"]);
  const two = await putBox(home.layout, "two", ["a"]);
  const checked = new Map<string, string | undefined>();
  expect(await findDamage(home.layout, one, { checked })).toEqual([]);
  await rm(home.layout.layer(one.layers[0]?.digest ?? ""));
  expect(await findDamage(home.layout, two, { checked })).toEqual([]);
  expect(await findDamage(home.layout, two)).toHaveLength(1);
});
