import { rm } from "node:fs/promises";
import { join } from "node:path";
import { hasErrno } from "../../errors.ts";
import { type FstabEntry, findSource, parseFstab, treeEntries } from "./fstab.ts";
import { treeAt } from "./inside.ts";
import type { MountSpace } from "./mounts.ts";
import type { Partition } from "./partitions.ts";
import { isReadable, type MountedRoot, mountPartition, whyNot } from "./root.ts";

/** Without these a system is not whole. */
const ESSENTIAL = ["/usr", "/var", "/usr/local", "/var/lib", "/opt"];

/**
 * Mounts the other partitions of the system on its root, as its fstab has them, so that the root is the whole tree.
 * Returns why it cannot become whole, in words; `undefined` when it is. What is left out and not missed is reported.
 */
export async function mergePartitions(
  space: MountSpace,
  root: MountedRoot,
  partitions: readonly Partition[],
  report: (line: string) => void,
): Promise<string | undefined> {
  const tree = treeAt(space.outside(root.place));
  const entries = parseFstab((await tree.read("/etc/fstab")) ?? "");
  for (const entry of treeEntries(entries)) {
    const why = await mergeOne(space, root, entry, partitions);
    if (why === undefined) continue;
    const problem = `${entry.source} for ${entry.target} ${why}`;
    if (ESSENTIAL.includes(entry.target)) return `its fstab wants ${problem}`;
    report(`left out: ${problem}`);
  }
  await dropSwapFiles(tree.root, entries);
  return undefined;
}

async function mergeOne(
  space: MountSpace,
  root: MountedRoot,
  { source, target, options }: FstabEntry,
  partitions: readonly Partition[],
): Promise<string | undefined> {
  const partition = findSource(source, partitions);
  if (!partition) return "is on no disk of the box";
  if (!isReadable(partition)) return `is ${partition.type ?? "nothing known"}, which cannot be read`;
  // a link would lead to a folder of this host's
  const stats = await treeAt(space.outside(root.place)).statHere(target);
  if (!stats?.isDirectory()) return "has no folder to be mounted on";
  const subvolume = options.find((option) => /^subvol(?:id)?=[^,\s]+$/.test(option));
  try {
    await mountPartition(space, partition, join(root.place, target), subvolume);
    return undefined;
  } catch (error) {
    return `cannot be mounted: ${whyNot(error)}`;
  }
}

/** Gigabytes of nothing. Only on our own copy of the disk, and only real files below real folders. */
async function dropSwapFiles(root: string, entries: readonly FstabEntry[]): Promise<void> {
  const files = entries.filter(({ type, source }) => type === "swap" && /^\/(?!dev\/)/.test(source));
  for (const { source } of files) {
    const stats = await treeAt(root).statHere(source);
    if (!stats?.isFile()) continue;
    await rm(join(root, source)).catch((error: unknown) => {
      if (!hasErrno(error, "EROFS")) throw error;
    });
  }
}
