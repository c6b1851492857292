import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Layout, namesIn, removeTree, statIfExists, tryLock } from "../system/index.ts";
import { type ArtefactKind, currentFile, readPointer } from "./artefact.ts";
import { DIGEST } from "./digest.ts";
import { areLayersLeased } from "./lease.ts";
import { lockBoxes } from "./store.ts";
import { type InUse, reasonToKeep, usedByBoxes } from "./unused.ts";

/** A kernel or tools of an earlier build. */
export interface OldArtefact {
  readonly kind: ArtefactKind["name"];
  readonly digest: string;
}

const KINDS: readonly ArtefactKind["name"][] = ["kernel", "tools"];
/** An `up` that looked up artefacts before the last build starts machines from them within this time, or never. */
const SETTLED_MS = 3_600_000;

/**
 * Removes the temporary folders that killed processes left, and returns their names. A build's, and a machine's, is named as its
 * lock, so one whose lock is free is nobody's; an import's is nobody's while no import runs; of others, their age tells. One that
 * something is mounted in is kept: deleting it would reach into the mount.
 */
export async function removeWorkspaces(layout: Layout, options: { dryRun: boolean }): Promise<string[]> {
  const removed: string[] = [];
  const names = await namesIn(layout.temporary());
  const imports = await doesAnyImportRun(layout); // one that begins now has none of the names
  for (const name of names) {
    const folder = join(layout.temporary(), name);
    await using held = await tryLock(layout.lock(name));
    if (!held || !(isBuild(name) || (!imports && (isImport(name) || (await isQuiet(folder)))))) continue;
    if (!(await statIfExists(folder)) || (await isMountedIn(folder))) continue; // ended by itself, or is dangerous
    if (!options.dryRun) await removeTree(folder, { within: layout.temporary() });
    removed.push(name);
  }
  return removed;
}

/**
 * Removes the artefacts that newer ones have replaced, and returns them; a kernel that came with a box or that a machine
 * boots stays. The caller knows that no machine runs: it may have them open. Where nobody can tell which is the newest,
 * or what boxes need, all are kept.
 */
export async function removeOldArtefacts(
  layout: Layout,
  options: { dryRun: boolean; inUse: InUse },
): Promise<OldArtefact[]> {
  await using _held = await lockBoxes(layout);
  if ((await reasonToKeep(layout)) !== undefined) return []; // an import's kernel is nobody's yet
  const boxes = await usedByBoxes(layout);
  const isUsed = async (digest: string) => boxes.has(digest) || (await options.inUse(digest)).length > 0;
  const all: OldArtefact[] = [];
  for (const kind of KINDS) all.push(...(await removeOld(layout, kind, { ...options, isUsed })));
  return all;
}

async function removeOld(
  layout: Layout,
  kind: ArtefactKind["name"],
  { dryRun, isUsed }: { dryRun: boolean; isUsed: (digest: string) => Promise<boolean> },
): Promise<OldArtefact[]> {
  const folder = layout.artefacts(kind);
  await using held = await tryLock(layout.lock(`build-${kind}`));
  const current = await readPointer(layout, kind);
  if (!held || !current || !(await isSettled(currentFile(layout, kind)))) return [];
  const removed: OldArtefact[] = [];
  for (const digest of (await namesIn(folder)).filter((name) => DIGEST.test(name))) {
    if (digest === current.digest || (await isUsed(digest))) continue;
    if (!dryRun) await removeTree(join(folder, digest), { within: folder });
    removed.push({ kind, digest });
  }
  return removed;
}

async function isSettled(path: string): Promise<boolean> {
  const stats = await statIfExists(path);
  return stats !== undefined && Date.now() - stats.mtimeMs > SETTLED_MS;
}

async function doesAnyImportRun(layout: Layout): Promise<boolean> {
  await using _held = await lockBoxes(layout);
  return await areLayersLeased(layout);
}

/** Whether nothing was written in the folder for long. */
async function isQuiet(folder: string): Promise<boolean> {
  if (!(await isSettled(folder))) return false;
  for (const name of await namesIn(folder)) if (!(await isSettled(join(folder, name)))) return false;
  return true;
}

/** As `buildBox`, `buildArtefact`, builds of Dockerfiles and copies of a machine's disk name them. */
function isBuild(name: string): boolean {
  return /^(?:(?:box|build|machine)-|dockerfile$)/.test(name);
}

/** As `importTar` and `importTree` name them, whose callers hold a lease. */
function isImport(name: string): boolean {
  return name.startsWith("layer-");
}

async function isMountedIn(folder: string): Promise<boolean> {
  const lines = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  return lines.some((line) => `${line.split(" ")[4]}/`.startsWith(`${folder}/`));
}
