import { randomBytes } from "node:crypto";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Box, type BoxContent, describeBox } from "../../src/boxes/box.ts";
import { packTree } from "../../src/boxes/index.ts";
import { admitLayer } from "../../src/boxes/layers.ts";
import { saveBox } from "../../src/boxes/store.ts";
import { type Layout, run } from "../../src/system/index.ts";

/** Puts a box into the store, of layers that scripts make: each runs in an empty folder, which then is packed. */
export async function scriptedBox(
  layout: Layout,
  name: string,
  scripts: readonly string[],
  particular: Partial<BoxContent> = {},
): Promise<Box> {
  const layers = [];
  for (const script of scripts) layers.push(await scriptedLayer(layout, script));
  const box = describeBox(name, { layers, environment: {}, labels: {}, ...particular });
  await saveBox(layout, box);
  return box;
}

/** One layer that a script makes. */
export async function scriptedLayer(layout: Layout, script: string): Promise<Box["layers"][number]> {
  const folder = join(layout.temporary(), `scripted-${randomBytes(4).toString("hex")}`);
  await mkdir(folder, { recursive: true });
  await run(["sh", "-euc", script], { cwd: folder });
  const image = `${folder}.erofs`;
  const digest = await packTree(folder, image);
  const layer = { digest, sizeBytes: (await stat(image)).size };
  await admitLayer(layout, image, layer);
  return layer;
}

/** Every entry of a tree with what tells it apart: type, mode, owner, links, size, seconds, name, target. */
export async function listTree(folder: string): Promise<string[]> {
  const { stdout } = await run(["find", ".", "-printf", "%y %m %U:%G %n %s %P -> %l\\n"], { cwd: folder });
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (line.startsWith("d") ? line.replace(/^(d \S+ \S+) \S+ \S+/, "$1") : line)) // sizes are the disk's
    .sort();
}
