import { readdir, rm, rmdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { BothyError, hasErrno } from "../errors.ts";
import type { Layout } from "../system/index.ts";
import type { Box } from "./box.ts";
import { areLayersLeased } from "./lease.ts";
import { normaliseBoxName } from "./name.ts";
import { listBoxes, lockBoxes, unknownBox } from "./store.ts";

/** The names of the machines that stand on a box's or a layer's digest. */
export type InUse = (digest: string) => readonly string[] | Promise<readonly string[]>;

/** What was taken out of the store. */
export interface Removed {
  readonly layers: readonly string[];
  readonly freedBytes: number;
}

/**
 * Takes a box out of the store, and every layer with it that no box and no machine uses.
 * A box with damaged metadata can be removed as well.
 * @throws BothyError `BOX_UNKNOWN`, or `BOX_IN_USE` naming the machines; then nothing has changed.
 */
export async function removeBox(layout: Layout, name: string, options: { inUse: InUse }): Promise<Removed> {
  const key = normaliseBoxName(name);
  await using _held = await lockBoxes(layout);
  const entry = (await listBoxes(layout)).find((candidate) => candidate.name === key);
  if (!entry) throw await unknownBox(layout, key);
  if (entry.state === "ok") await refuseWhenUsed(entry.box, options.inUse);
  await rm(layout.box(key));
  await removeEmptyFolders(dirname(layout.box(key)), layout.boxes());
  return sweep(layout, options.inUse);
}

/**
 * Removes the layers that no box and no machine uses: rebuilt boxes and interrupted removals leave some.
 * While a box cannot be read, nothing is removed, for nobody knows what it stands on.
 * With `dryRun` it returns the same and removes nothing.
 */
export async function removeUnusedLayers(
  layout: Layout,
  options: { inUse: InUse; dryRun?: boolean },
): Promise<Removed> {
  await using _held = await lockBoxes(layout);
  return sweep(layout, options.inUse, options.dryRun);
}

async function refuseWhenUsed(box: Box, inUse: InUse): Promise<void> {
  const machines = await inUse(box.digest);
  if (machines.length === 0) return;
  throw new BothyError("BOX_IN_USE", `the box \`${box.name}\` is used by ${machines.join(", ")}`, {
    hints: ["destroy these machines first: `bothy destroy MACHINE`"],
  });
}

async function sweep(layout: Layout, inUse: InUse, dryRun = false): Promise<Removed> {
  const layers: string[] = [];
  if (await areLayersLeased(layout)) return { layers, freedBytes: 0 }; // an import's: the next sweep takes what it leaves
  let freedBytes = 0;
  for (const digest of await unreferenced(layout)) {
    if ((await inUse(digest)).length > 0) continue;
    freedBytes += (await stat(layout.layer(digest))).size;
    if (!dryRun) await rm(layout.layer(digest));
    layers.push(digest);
  }
  return { layers, freedBytes };
}

async function unreferenced(layout: Layout): Promise<string[]> {
  const entries = await listBoxes(layout);
  if (entries.some((entry) => entry.state === "broken")) return [];
  const used = new Set(
    entries.flatMap((entry) => (entry.state === "ok" ? entry.box.layers.map((layer) => layer.digest) : [])),
  );
  const files = await readdir(layout.layers()).catch((error: unknown) => {
    if (hasErrno(error, "ENOENT")) return [];
    throw error;
  });
  const digests = files
    .filter((file) => file.endsWith(".erofs"))
    .map((file) => file.slice(0, -".erofs".length));
  return digests.filter((digest) => !used.has(digest));
}

async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  if (folder === root) return;
  try {
    await rmdir(folder);
  } catch (error) {
    if (hasErrno(error, "ENOTEMPTY", "EEXIST", "ENOENT")) return;
    throw error;
  }
  await removeEmptyFolders(dirname(folder), root);
}
