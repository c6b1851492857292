import { stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { digestOfFile } from "../../../../src/boxes/digest.ts";
import { inspectDisk, keepDisk, toRaw } from "../../../../src/boxes/disk/convert.ts";
import { run } from "../../../../src/system/index.ts";
import { tempHome } from "../../../support/temp-home.ts";

test("a disk becomes raw with its holes, and goes into the store as one that stands alone", async () => {
  await using home = await tempHome();
  const at = (name: string) => join(home.folder, name);
  await run(["sh", "-c", `printf hello >${at("raw")}; truncate --size 4G ${at("raw")}`]);
  await run(["qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", at("raw"), at("qcow2")]);
  const disk = await inspectDisk(at("qcow2"), "qcow2", "web");
  expect(disk.virtualBytes).toBe(4 * 1024 ** 3);
  await toRaw(disk, at("out"), "web");
  expect((await stat(at("out"))).size).toBe(disk.virtualBytes);
  expect((await stat(at("out"))).blocks * 512).toBeLessThan(1 << 20);
  expect((await run(["head", "-c", "5", at("out")])).stdout).toBe("hello");
  const kept = await keepDisk(home.layout, disk, at("whole"), "web");
  const path = home.layout.disk(kept.digest);
  expect([await digestOfFile(path), (await stat(path)).size]).toEqual([kept.digest, kept.sizeBytes]);
  const info = JSON.parse((await run(["qemu-img", "info", "--output=json", path])).stdout) as object;
  expect(info).toMatchObject({ format: "qcow2", "virtual-size": disk.virtualBytes });
  expect(info).not.toHaveProperty("backing-filename");
  expect(await keepDisk(home.layout, disk, at("again"), "web")).toEqual(kept);
});

test("an image that is cut short is not read as zeros where it ends", async () => {
  await using home = await tempHome();
  const at = (name: string) => join(home.folder, name);
  await run(["sh", "-c", `head -c 3M /dev/urandom >${at("raw")}`]);
  for (const compress of [[], ["-c"]]) {
    await run(["qemu-img", "convert", ...compress, "-f", "raw", "-O", "qcow2", at("raw"), at("qcow2")]);
    await run(["truncate", "--size", "2M", at("qcow2")]);
    await expect(inspectDisk(at("qcow2"), "qcow2", "web")).rejects.toMatchObject({
      code: "BOX_INVALID",
      message: expect.stringContaining("`web` is cut short or damaged"),
    });
  }
});
