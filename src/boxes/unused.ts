import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Layout, namesIn, removeTree, statIfExists } from "../system/index.ts";
import { readPointer } from "./artefact.ts";
import type { Box } from "./box.ts";
import { DIGEST } from "./digest.ts";
import { listBoxes } from "./entries.ts";
import { areLayersLeased } from "./lease.ts";
import { settleSetAside } from "./set-aside.ts";
import { bytesBelow } from "./size.ts";

/**
 * The names of the machines that stand on a digest: of a box, a layer, a disk or a kernel. With `boxName` only those
 * that were made of the box of that name.
 */
export type InUse = (digest: string, boxName?: string) => readonly string[] | Promise<readonly string[]>;

/** What nobody used and is gone. */
export interface Swept {
  /** Digests, as of the disks and kernels. */
  readonly layers: readonly string[];
  readonly disks: readonly string[];
  readonly kernels: readonly string[];
  readonly freedBytes: number;
  /** Why nothing was removed, where something kept everybody from telling what is unused. */
  readonly kept?: string | undefined;
}

/** What to look at and what to do with it. */
export interface UnusedOptions {
  readonly inUse: InUse;
  readonly dryRun?: boolean | undefined;
  /** Names of boxes that are about to go, or have just gone. */
  readonly without?: ReadonlySet<string>;
  /** Kernels of such boxes. Others are looked after by `removeOldArtefacts`. */
  readonly kernels?: readonly string[];
}

/**
 * Removes the files that no box and no machine uses. The caller holds `lockBoxes`. Nothing is removed while a box
 * cannot be read, for nobody knows what it stands on, or while an import may have found a layer that it needs.
 */
export async function removeUnused(layout: Layout, options: UnusedOptions): Promise<Swept> {
  const kept = await reasonToKeep(layout, options.without);
  if (kept !== undefined) return { layers: [], disks: [], kernels: [], freedBytes: 0, kept };
  if (!options.dryRun) await settleSetAside(layout);
  const used = await usedByBoxes(layout, options.without);
  const isFree = async (digest: string) => !used.has(digest) && (await options.inUse(digest)).length === 0;
  const layers = await filterAsync(await digestsIn(layout.layers(), ".erofs"), isFree);
  const disks = await filterAsync(await digestsIn(layout.disks(), ".qcow2"), isFree);
  const kernels = await filterAsync(await oldKernels(layout, options.kernels ?? []), isFree);
  const paths = [
    ...layers.map((digest) => layout.layer(digest)),
    ...disks.map((digest) => layout.disk(digest)),
    ...kernels.map((digest) => layout.artefact("kernel", digest)),
  ];
  let freedBytes = 0;
  for (const path of paths) {
    freedBytes += await bytesBelow(path);
    if (!options.dryRun) await remove(layout, path);
  }
  if (!options.dryRun) await forgetLayers(layout, layers);
  return { layers, disks, kernels, freedBytes };
}

/** Why nobody can tell which layers are unused; `undefined` when it can be told. The caller holds `lockBoxes`. */
export async function reasonToKeep(
  layout: Layout,
  without: ReadonlySet<string> = new Set(),
): Promise<string | undefined> {
  if (await areLayersLeased(layout)) return "an import is running: `bothy gc` when it is done";
  const broken = (await listBoxes(layout)).find(
    ({ name, state }) => state === "broken" && !without.has(name),
  );
  return broken && `the box \`${broken.name}\` cannot be read: \`bothy box remove ${broken.name}\``;
}

/** Every digest that a box of the store stands on. */
export async function usedByBoxes(
  layout: Layout,
  without: ReadonlySet<string> = new Set(),
): Promise<Set<string>> {
  const entries = await listBoxes(layout);
  return new Set(
    entries.flatMap((entry) =>
      entry.state === "ok" && !without.has(entry.name) ? digestsOf(entry.box) : [],
    ),
  );
}

/** The digests of all that a box stands on: layers, disk, kernel. */
export function digestsOf({ layers, disk, kernel }: Pick<Box, "layers" | "disk" | "kernel">): string[] {
  return [...layers.map(({ digest }) => digest), ...[disk, kernel].flatMap((one) => one?.digest ?? [])];
}

/** Those that are gone by now, or that somebody else has removed, are not found by their tar any more. */
async function forgetLayers(layout: Layout, removed: readonly string[]): Promise<void> {
  const entries = await namesIn(layout.layerIndex());
  const known = new Set(await digestsIn(layout.layers(), ".erofs"));
  const named = entries.flatMap((name) => /([0-9a-f]{64})\.json$/.exec(name)?.[1] ?? []);
  const gone = [...removed, ...named.filter((digest) => !known.has(digest))];
  if (gone.length === 0) return;
  const { removeIndexEntries } = await import("./layer/index.ts"); // most commands do without
  await removeIndexEntries(layout, gone);
}

/** The newest kernel of our own is never a box's to remove. */
async function oldKernels(layout: Layout, digests: readonly string[]): Promise<string[]> {
  const current = await readPointer(layout, "kernel");
  const others = [...new Set(digests)].filter((digest) => digest !== current?.digest);
  return filterAsync(others, async (digest) =>
    Boolean(await statIfExists(layout.artefact("kernel", digest))),
  );
}

async function remove(layout: Layout, path: string): Promise<void> {
  if (path.startsWith(join(layout.artefacts("kernel"), "/"))) {
    await removeTree(path, { within: layout.artefacts("kernel") });
  } else await rm(path, { force: true });
}

async function digestsIn(folder: string, suffix: string): Promise<string[]> {
  const digests = (await namesIn(folder))
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length));
  return filterAsync(digests.filter((digest) => DIGEST.test(digest)).sort(), async (digest) =>
    Boolean((await statIfExists(join(folder, digest + suffix)))?.isFile()),
  );
}

async function filterAsync<T>(values: readonly T[], keep: (value: T) => Promise<boolean>): Promise<T[]> {
  const kept: T[] = [];
  for (const value of values) if (await keep(value)) kept.push(value);
  return kept;
}
