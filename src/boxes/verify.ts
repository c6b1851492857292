import { utimes } from "node:fs/promises";
import { type Layout, statIfExists } from "../system/index.ts";
import type { Box } from "./box.ts";
import { digestOfFile } from "./digest.ts";
import { verifyBox } from "./layers.ts";

/** A file of a box that is not what its digest says. */
export interface Damage {
  readonly kind: "layer" | "disk";
  readonly digest: string;
  /** What is wrong, in words; names the file. */
  readonly problem: string;
}

/** What was found of files by now, so that what boxes share is read once: digest to problem, if it has one. */
export type Checked = Map<string, string | undefined>;

/** How files are checked. */
export interface CheckOptions {
  readonly signal?: AbortSignal | undefined;
  readonly checked?: Checked;
}

/**
 * Reads every byte of a box's layers and disk. What is damaged loses the seal that says it was checked, so that no
 * machine is started from it and a sound copy may take its place.
 */
export async function findDamage(
  layout: Layout,
  { layers, disk }: Pick<Box, "layers" | "disk">,
  { signal, checked = new Map() }: CheckOptions = {},
): Promise<Damage[]> {
  const found: Damage[] = [];
  const check = async (kind: Damage["kind"], digest: string, read: () => Promise<string | undefined>) => {
    if (!checked.has(digest)) checked.set(digest, await read());
    const problem = checked.get(digest);
    if (problem === undefined) return;
    await unseal(layout[kind](digest));
    found.push({ kind, digest, problem });
  };
  for (const layer of new Map(layers.map((each) => [each.digest, each])).values()) {
    await check("layer", layer.digest, async () => (await verifyBox(layout, { layers: [layer] }, signal))[0]);
  }
  if (disk) await check("disk", disk.digest, () => checkDisk(layout, disk, signal));
  return found;
}

async function checkDisk(
  layout: Layout,
  { digest, sizeBytes }: NonNullable<Box["disk"]>,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const path = layout.disk(digest);
  const stats = await statIfExists(path);
  if (!stats?.isFile()) return `${path} is missing`;
  if (stats.size !== sizeBytes) return `${path} has ${stats.size} bytes instead of ${sizeBytes}`;
  return (await digestOfFile(path, signal)) === digest ? undefined : `the content of ${path} has changed`;
}

async function unseal(path: string): Promise<void> {
  const now = new Date();
  if ((await statIfExists(path))?.isFile()) await utimes(path, now, now);
}
