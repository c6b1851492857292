import { utimes } from "node:fs/promises";
import { hasErrno } from "../errors.ts";
import { type Layout, statIfExists } from "../system/index.ts";
import type { Box } from "./box.ts";
import { digestOfFile } from "./digest.ts";
import { digestOfKernel } from "./kernel.ts";
import { verifyBox } from "./layers.ts";

/** A file of a box that is not what its digest says. */
export interface Damage {
  readonly kind: "layer" | "disk" | "kernel";
  readonly digest: string;
  /** A kernel's is a folder. */
  readonly path: string;
  /** What is wrong, in words; names the file. */
  readonly problem: string;
}

type Content = Pick<Box, "layers" | "disk" | "kernel">;
type Check = Omit<Damage, "problem"> & { readonly read: () => Promise<string | undefined> };

/** What was found of files by now, so that what boxes share is read once: digest to problem, if it has one. */
export type Checked = Map<string, string | undefined>;

/** How files are checked. */
export interface CheckOptions {
  readonly signal?: AbortSignal | undefined;
  readonly checked?: Checked;
}

/**
 * Reads every byte of a box's layers, disk and kernel. What is damaged loses the seal that says it was checked, so that no
 * machine is started from it and a sound copy may take its place.
 */
export async function findDamage(
  layout: Layout,
  box: Content,
  { signal, checked = new Map() }: CheckOptions = {},
): Promise<Damage[]> {
  const found: Damage[] = [];
  for (const { read, ...file } of filesOf(layout, box, signal)) {
    if (!checked.has(file.digest)) checked.set(file.digest, await read());
    const problem = checked.get(file.digest);
    if (problem === undefined) continue;
    await unseal(file.path);
    found.push({ ...file, problem });
  }
  return found;
}

/** Each file once, with what finds out what is wrong with it. */
function filesOf(
  layout: Layout,
  { layers, disk, kernel }: Content,
  signal: AbortSignal | undefined,
): Check[] {
  const unique = [...new Map(layers.map((layer) => [layer.digest, layer])).values()];
  const checks = unique.map((layer): Check => {
    const read = async () => (await verifyBox(layout, { layers: [layer] }, signal))[0];
    return { kind: "layer", digest: layer.digest, path: layout.layer(layer.digest), read };
  });
  if (disk) {
    const path = layout.disk(disk.digest);
    checks.push({ kind: "disk", digest: disk.digest, path, read: () => checkDisk(path, disk, signal) });
  }
  if (kernel) {
    const { digest } = kernel;
    const path = layout.artefact("kernel", digest);
    checks.push({ kind: "kernel", digest, path, read: () => checkKernel(path, digest, signal) });
  }
  return checks;
}

async function checkDisk(
  path: string,
  { digest, sizeBytes }: NonNullable<Box["disk"]>,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const stats = await statIfExists(path);
  if (!stats?.isFile()) return `${path} is missing`;
  if (stats.size !== sizeBytes) return `${path} has ${stats.size} bytes instead of ${sizeBytes}`;
  return (await digestOfFile(path, signal)) === digest ? undefined : `the content of ${path} has changed`;
}

async function checkKernel(path: string, digest: string, signal?: AbortSignal): Promise<string | undefined> {
  try {
    const same = (await digestOfKernel(path, signal)) === digest;
    return same ? undefined : `the content of ${path} has changed`;
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return `${path} is missing, or a file of it`;
    throw error;
  }
}

async function unseal(path: string): Promise<void> {
  const now = new Date();
  if ((await statIfExists(path))?.isFile()) await utimes(path, now, now);
}
