import { createHash } from "node:crypto";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describeBox } from "../../src/boxes/box.ts";
import { ensureFolder, type Layout, writeJson } from "../../src/system/index.ts";
import type { Images } from "./machine-spec.ts";

const CONTENT = "no file system at all";

/** Puts a box and the artefacts into a store: whole as far as bothy can tell, and nothing could boot them. */
export async function fakeStore(layout: Layout, boxName = "debian/12"): Promise<Images> {
  const digest = createHash("sha256").update(CONTENT).digest("hex");
  await ensureFolder(layout.layers());
  await writeFile(layout.layer(digest), CONTENT);
  await utimes(layout.layer(digest), 0, 0); // sealed
  const layers = [{ digest, sizeBytes: CONTENT.length }];
  const box = describeBox(boxName, { layers, user: "bothy", environment: {}, labels: {} }, undefined);
  await ensureFolder(dirname(layout.box(boxName)));
  await writeJson(layout.box(boxName), box);
  await fakeArtefact(layout, "tools", digest, ["tools.erofs"]);
  await fakeArtefact(layout, "kernel", digest, ["vmlinuz", "initramfs", "modules.erofs", "kernel.json"]);
  const layer = { digest, path: layout.layer(digest) };
  const kernel = { vmlinuz: layer.path, initramfs: layer.path, modules: layer.path, version: "6.1.0-fake" };
  return { layers: [layer], tools: layer, kernel, user: "bothy" };
}

async function fakeArtefact(layout: Layout, kind: string, digest: string, files: string[]): Promise<void> {
  const folder = layout.artefact(kind, digest);
  await mkdir(folder, { recursive: true });
  for (const file of files) await writeFile(join(folder, file), '{ "version": "6.1.0-fake" }');
  const current = { version: 1, digest, quickKey: "fake", key: "fake" };
  await writeJson(join(layout.artefacts(kind), "current.json"), current);
}
