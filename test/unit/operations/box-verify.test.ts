import { chmod, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { getBox, listBoxes } from "../../../src/boxes/index.ts";
import { saveBox } from "../../../src/boxes/store.ts";
import { writeRecord } from "../../../src/machines/index.ts";
import { addBox } from "../../../src/operations/box-add.ts";
import { verifyBoxes } from "../../../src/operations/box-verify.ts";
import { run } from "../../../src/system/index.ts";
import { type FakeLab, fakeLab } from "../../support/fake-lab.ts";
import { tarOf } from "../../support/oci-layout.ts";
import { putBox } from "../boxes/support.ts";

async function damage(lab: FakeLab, name: string, source?: object): Promise<void> {
  const box = await putBox(lab.ctx.layout, name, [name]);
  await saveBox(lab.ctx.layout, { ...box, ...(source ? { source: source as never } : {}) });
  await rm(lab.ctx.layout.layer(box.layers[0]?.digest ?? ""));
}

test("all boxes are checked, or those that are named", async () => {
  await using lab = await fakeLab();
  await putBox(lab.ctx.layout, "web", ["a"]);
  const ok = { state: "ok", problems: [] };
  expect(await verifyBoxes(lab.ctx, [], {})).toEqual({
    boxes: [
      { name: "debian/12", ...ok },
      { name: "web", ...ok },
    ],
  });
  expect(await verifyBoxes(lab.ctx, ["web", "web"], {})).toEqual({ boxes: [{ name: "web", ...ok }] });
  await expect(verifyBoxes(lab.ctx, ["no/such"], {})).rejects.toMatchObject({ code: "BOX_UNKNOWN" });
});

test("everything that is damaged is told at once, and unreadable metadata as well", async () => {
  await using lab = await fakeLab();
  for (const name of ["one", "two"]) await damage(lab, name);
  await writeFile(lab.ctx.layout.box("bad"), "{");
  await expect(verifyBoxes(lab.ctx, [], {})).rejects.toMatchObject({
    code: "LAYER_DAMAGED",
    message: expect.stringMatching(/^3 of 4 are damaged\none: .* is missing\ntwo: .* is missing\nbad: /),
    hints: ["bothy box verify --repair one", "bothy box verify --repair two", "bothy box remove bad"],
  });
});

test("layers that only machines have are checked as well", async () => {
  await using lab = await fakeLab("machines: { web: {} }\n");
  const web = await lab.add("web");
  await rm(lab.ctx.layout.box("debian/12"));
  expect(await verifyBoxes(lab.ctx, [], {})).toMatchObject({
    boxes: web.box.layers.length > 0 ? [{ state: "ok" }] : [],
  });
});

test("so are disks and kernels that only machines have", async () => {
  await using lab = await fakeLab("machines: { web: {} }\n");
  const web = await lab.add("web");
  const disk = {
    digest: "d".repeat(64),
    sizeBytes: 4,
    virtualBytes: 4,
    firmware: "bios",
    reason: "LVM",
  } as const;
  const kernel = { digest: "e".repeat(64), version: "6.1" };
  await writeRecord(lab.ctx.layout, { ...web, box: { ...web.box, disk, kernel } });
  const path = lab.ctx.layout.disk(disk.digest);
  await expect(verifyBoxes(lab.ctx, [], {})).rejects.toMatchObject({
    message: expect.stringMatching(
      new RegExp(`machine shop/web: ${path} is missing; .*${kernel.digest} is missing`),
    ),
  });
});

test.each([
  [{ recipe: "debian/12", inputs: "a".repeat(64) }, "bothy box build --force odd"],
  [{ machine: "shop/web", base: "debian/12" }, "restore the file from a backup, or remove the box"],
  [undefined, "restore the file from a backup, or remove the box"],
])("what came from %j is not repaired, and the way on is told", async (source, hint) => {
  await using lab = await fakeLab();
  await damage(lab, "odd", source);
  await expect(verifyBoxes(lab.ctx, ["odd"], { repair: true })).rejects.toMatchObject({
    code: "LAYER_DAMAGED",
    hints: expect.arrayContaining([hint]),
  });
});

test("a tarball on this host is read again, and only the same bytes count", async () => {
  await using lab = await fakeLab();
  const file = join(lab.folder, "rootfs.tar");
  const rootfs = (text: string) =>
    tarOf([
      { name: "etc/", type: "directory" },
      { name: "etc/text", content: text },
      { name: "bin/", type: "directory" },
    ]);
  await writeFile(file, await rootfs("one"));
  const { layers } = await addBox(lab.ctx, file, { name: "root" });
  const box = await getBox(lab.ctx.layout, "root");
  for (const { path } of layers) await rm(path);
  expect(await verifyBoxes(lab.ctx, ["root"], { repair: true })).toMatchObject({
    boxes: [{ state: "repaired" }],
  });
  for (const { path } of layers) await rm(path);
  await writeFile(file, await rootfs("two"));
  await expect(verifyBoxes(lab.ctx, ["root"], { repair: true })).rejects.toMatchObject({
    code: "LAYER_DAMAGED",
  });
  expect((await listBoxes(lab.ctx.layout)).map(({ name }) => name)).toEqual(["debian/12", "root"]);
  expect(await getBox(lab.ctx.layout, "root")).toEqual(box);
});

test("a disk is made again from its file; what is damaged comes back where that is not the same", async () => {
  await using lab = await fakeLab();
  const file = join(lab.folder, "disk.qcow2");
  await run(["qemu-img", "create", "-q", "-f", "qcow2", file, "8M"]);
  const { disk, vmOnly } = await addBox(lab.ctx, file, { name: "empty" });
  expect(vmOnly).toBe(true);
  const path = disk?.path ?? "";
  const damageDisk = async () => {
    const { size } = await stat(path);
    await chmod(path, 0o644);
    await writeFile(path, Buffer.alloc(size, 7));
  };
  await damageDisk();
  expect(await verifyBoxes(lab.ctx, ["empty"], { repair: true })).toMatchObject({
    boxes: [{ state: "repaired" }],
  });
  expect(await readdir(lab.ctx.layout.disks())).toHaveLength(1);
  await damageDisk();
  await rm(file);
  await expect(verifyBoxes(lab.ctx, ["empty"], { repair: true })).rejects.toMatchObject({
    code: "LAYER_DAMAGED",
  });
  expect((await readFile(path))[0]).toBe(7);
});
