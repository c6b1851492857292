import { rm, writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { describeBox } from "../../../src/boxes/box.ts";
import { saveBox } from "../../../src/boxes/store.ts";
import { findWhole } from "../../../src/boxes/whole.ts";
import { ensureFolder } from "../../../src/system/index.ts";
import { tempHome } from "../../support/temp-home.ts";
import { putBox } from "./support.ts";

const digest = "c".repeat(64);

it("finds a box with everything of it, and none of which a layer is gone", async () => {
  await using home = await tempHome();
  const box = await putBox(home.layout, "web", ["bottom", "top"]);
  expect((await findWhole(home.layout, "web"))?.digest).toBe(box.digest);
  await rm(home.layout.layer(box.layers[1]?.digest ?? ""));
  expect(await findWhole(home.layout, "web")).toBeUndefined();
  expect(await findWhole(home.layout, "other")).toBeUndefined();
});

it("does not find one whose kernel or disk is gone, or whose metadata is damaged", async () => {
  await using home = await tempHome();
  const { name: _, ...content } = await putBox(home.layout, "plain", ["bottom"]);
  await saveBox(home.layout, describeBox("own", { ...content, kernel: { digest, version: "6.1" } }));
  expect(await findWhole(home.layout, "own")).toBeUndefined();

  const disk = { digest, sizeBytes: 4, virtualBytes: 1024, firmware: "bios" as const, reason: "LVM" };
  await saveBox(home.layout, describeBox("disk", { ...content, layers: [], disk }));
  expect(await findWhole(home.layout, "disk")).toBeUndefined();
  await ensureFolder(home.layout.disks());
  await writeFile(home.layout.disk(digest), "disk");
  expect((await findWhole(home.layout, "disk"))?.disk).toEqual(disk);

  await writeFile(home.layout.box("plain"), "{");
  expect(await findWhole(home.layout, "plain")).toBeUndefined();
});
