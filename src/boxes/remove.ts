import { rm, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { BothyError, hasErrno } from "../errors.ts";
import type { Layout } from "../system/index.ts";
import type { Box } from "./box.ts";
import { type BoxEntry, listBoxes } from "./entries.ts";
import { findBoxName, lockBoxes, unknownBox } from "./store.ts";
import { type InUse, removeUnused, type Swept } from "./unused.ts";

/** What was taken out of the store. */
export interface Removed extends Swept {
  /** By name. */
  readonly boxes: readonly string[];
}

/** How boxes are taken out. */
export interface RemoveOptions {
  readonly inUse: InUse;
  /** Returns the same and removes nothing. */
  readonly dryRun?: boolean | undefined;
}

/**
 * Takes a box out of the store, and all with it that no other box and no machine uses: layers, disk, kernel.
 * The metadata goes first, so that a kill leaves no box without layers; what it leaves is the next sweep's.
 * A box with damaged metadata can be removed as well.
 * @throws BothyError `BOX_UNKNOWN`, or `BOX_IN_USE` naming the machines; then nothing has changed.
 */
export async function removeBox(layout: Layout, name: string, options: RemoveOptions): Promise<Removed> {
  await using _held = await lockBoxes(layout);
  const key = await findBoxName(layout, name);
  const entries = await listBoxes(layout);
  const entry = entries.find((candidate) => candidate.name === key);
  if (!entry) throw await unknownBox(layout, name);
  if (entry.state === "ok") await refuseWhenUsed(entry.box, entries, options.inUse);
  return await takeOut(layout, [entry], options);
}

/**
 * Takes every box out that no machine uses and that `mayGo`, as `removeBox` does. While a box cannot be read, nothing
 * is removed.
 */
export async function removeUnusedBoxes(
  layout: Layout,
  options: RemoveOptions & { mayGo: (box: Box) => boolean | Promise<boolean> },
): Promise<Removed> {
  await using _held = await lockBoxes(layout);
  const entries = await listBoxes(layout);
  const idle: BoxEntry[] = [];
  if (entries.every(({ state }) => state === "ok")) {
    for (const entry of entries) {
      if (entry.state !== "ok" || !(await options.mayGo(entry.box))) continue;
      if ((await machinesOn(entry.box, entries, options.inUse)).length === 0) idle.push(entry);
    }
  }
  return await takeOut(layout, idle, options);
}

/** Removes the layers and disks that no box and no machine uses: rebuilt boxes and interrupted removals leave some. */
export async function removeUnusedLayers(layout: Layout, options: RemoveOptions): Promise<Swept> {
  await using _held = await lockBoxes(layout);
  return await removeUnused(layout, options);
}

/** The machines that stand on a box. Those made of another box with the same content stand on that one. */
async function machinesOn(box: Box, entries: readonly BoxEntry[], inUse: InUse): Promise<readonly string[]> {
  const isTwin = (other: BoxEntry) =>
    other.state === "ok" && other.name !== box.name && other.box.digest === box.digest;
  return inUse(box.digest, entries.some(isTwin) ? box.name : undefined);
}

async function refuseWhenUsed(box: Box, entries: readonly BoxEntry[], inUse: InUse): Promise<void> {
  const machines = await machinesOn(box, entries, inUse);
  if (machines.length === 0) return;
  throw new BothyError("BOX_IN_USE", `the box \`${box.name}\` is used by ${machines.join(", ")}`, {
    hints: ["destroy these machines first: `bothy destroy MACHINE`"],
  });
}

async function takeOut(
  layout: Layout,
  entries: readonly BoxEntry[],
  { inUse, dryRun }: RemoveOptions,
): Promise<Removed> {
  const boxes = entries.map(({ name }) => name);
  if (!dryRun) for (const name of boxes) await removeMetadata(layout, name);
  const kernels = entries.flatMap((entry) => (entry.state === "ok" && entry.box.kernel?.digest) || []);
  return { boxes, ...(await removeUnused(layout, { inUse, dryRun, without: new Set(boxes), kernels })) };
}

async function removeMetadata(layout: Layout, name: string): Promise<void> {
  await rm(layout.box(name));
  await removeEmptyFolders(dirname(layout.box(name)), layout.boxes());
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
