import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { selectModules } from "../../../src/boxes/artefact-modules.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "modules-"));
  await mkdir(join(folder, "kernel/fs"), { recursive: true });
  for (const name of ["erofs", "libcrc32c", "virtio-rng", "other"]) {
    await writeFile(join(folder, `kernel/fs/${name}.ko`), name);
  }
  const lines = ["erofs.ko: kernel/fs/libcrc32c.ko", "libcrc32c.ko:", "virtio-rng.ko:", "other.ko:"];
  await writeFile(join(folder, "modules.dep"), lines.map((line) => `kernel/fs/${line}\n`).join(""));
  await writeFile(join(folder, "modules.builtin"), "kernel/fs/ext4.ko\n");
});
afterAll(() => rm(folder, { recursive: true }));

const pathsOf = async (...names: string[]) =>
  (await selectModules(folder, "6.1", names)).map((entry) => entry.path.replace("lib/modules/6.1/", ""));

test("a module brings what it depends on, and modprobe's list of them", async () => {
  const entries = await selectModules(folder, "6.1", ["erofs"]);
  expect(entries.map((entry) => entry.path)).toEqual([
    "lib/modules/6.1/modules.dep",
    "lib/modules/6.1/modules.builtin",
    "lib/modules/6.1/kernel/fs/erofs.ko",
    "lib/modules/6.1/kernel/fs/libcrc32c.ko",
  ]);
  expect(Buffer.from(entries[0]?.content ?? []).toString()).toBe(
    "kernel/fs/erofs.ko: kernel/fs/libcrc32c.ko\nkernel/fs/libcrc32c.ko: \n",
  );
});

test("names do not tell - from _, and what is in the kernel needs no file", async () => {
  expect(await pathsOf("virtio_rng", "ext4")).toEqual([
    "modules.dep",
    "modules.builtin",
    "kernel/fs/virtio-rng.ko",
  ]);
});

test("a module that the kernel lacks is an error", async () => {
  await expect(pathsOf("nothing")).rejects.toMatchObject({
    code: "BOX_BUILD_FAILED",
    message: "the kernel 6.1 has no module 'nothing'",
  });
});
