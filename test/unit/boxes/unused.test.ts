import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { leaseLayers } from "../../../src/boxes/lease.ts";
import { digestsOf, reasonToKeep, removeUnused } from "../../../src/boxes/unused.ts";
import { tempHome } from "../../support/temp-home.ts";
import { putBox } from "./support.ts";

const NOBODY = { inUse: () => [] };

test("only files that are named by a digest are ours to remove", async () => {
  await using home = await tempHome();
  const { layout } = home;
  await mkdir(layout.layerIndex(), { recursive: true });
  for (const name of ["README", "short.erofs", "x.qcow2"]) await writeFile(join(layout.layers(), name), "");
  await mkdir(layout.layer("a".repeat(64)));
  expect(await removeUnused(layout, NOBODY)).toEqual({ layers: [], disks: [], kernels: [], freedBytes: 0 });
  expect(await readdir(layout.layers())).toHaveLength(5);
});

test("what the index has of layers that are gone goes, also when somebody else removed them", async () => {
  await using home = await tempHome();
  const { layout } = home;
  const kept = await putBox(layout, "kept", ["a"]);
  await mkdir(layout.layerIndex());
  const entry = (digest: string) => `${"f".repeat(64)}-${digest}.json`;
  for (const digest of [kept.layers[0]?.digest ?? "", "e".repeat(64)])
    await writeFile(join(layout.layerIndex(), entry(digest)), "{}");
  await removeUnused(layout, { ...NOBODY, dryRun: true });
  expect(await readdir(layout.layerIndex())).toHaveLength(2);
  await removeUnused(layout, NOBODY);
  expect(await readdir(layout.layerIndex())).toEqual([entry(kept.layers[0]?.digest ?? "")]);
});

test("why everything is kept is said: an import, or a box that cannot be read and does not go itself", async () => {
  await using home = await tempHome();
  expect(await reasonToKeep(home.layout)).toBeUndefined();
  await mkdir(home.layout.boxes(), { recursive: true });
  await writeFile(home.layout.box("bad"), "{");
  expect(await reasonToKeep(home.layout)).toContain("bothy box remove bad");
  expect(await reasonToKeep(home.layout, new Set(["bad"]))).toBeUndefined();
  await using _ = await leaseLayers(home.layout);
  expect(await reasonToKeep(home.layout, new Set(["bad"]))).toContain("import");
});

test("a box stands on its layers, its disk and its kernel", () => {
  const [a, b, c] = ["a", "b", "c"] as const;
  const disk = { digest: b, sizeBytes: 1, virtualBytes: 1, firmware: "efi", reason: "LVM" } as const;
  const layers = [{ digest: a, sizeBytes: 1 }];
  expect(digestsOf({ layers, disk, kernel: { digest: c, version: "6.1" } })).toEqual([a, b, c]);
  expect(digestsOf({ layers })).toEqual([a]);
});
