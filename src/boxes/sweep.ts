import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { hasErrno } from "../errors.ts";
import { type Layout, removeTree, statIfExists, tryLock } from "../system/index.ts";
import { type ArtefactKind, currentFile, readPointer } from "./artefact.ts";

/** A kernel or tools of an earlier build. */
export interface OldArtefact {
  readonly kind: ArtefactKind["name"];
  readonly digest: string;
}

const KINDS: readonly ArtefactKind["name"][] = ["kernel", "tools"];
/** An `up` that looked up artefacts before the last build starts machines from them within this time, or never. */
const SETTLED_MS = 3_600_000;

/**
 * Removes the temporary folders that killed processes left, and returns their names. A build's is named as its lock, so
 * one whose lock is free is nobody's; of others, which live for seconds, their age tells. One that something is mounted
 * in is kept: deleting it would reach into the mount.
 */
export async function removeWorkspaces(layout: Layout, options: { dryRun: boolean }): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await namesIn(layout.temporary())) {
    const folder = join(layout.temporary(), name);
    await using held = await tryLock(layout.lock(name));
    if (!held || !(isBuild(name) || (await isSettled(folder)))) continue;
    if (!(await statIfExists(folder)) || (await isMountedIn(folder))) continue; // ended by itself, or is dangerous
    if (!options.dryRun) await removeTree(folder, { within: layout.temporary() });
    removed.push(name);
  }
  return removed;
}

/**
 * Removes the artefacts that newer ones have replaced, and returns them. The caller knows that no machine runs: it may
 * have them open. Where nobody can tell which is the newest, all are kept.
 */
export async function removeOldArtefacts(
  layout: Layout,
  options: { dryRun: boolean },
): Promise<OldArtefact[]> {
  const all = await Promise.all(KINDS.map((kind) => removeOld(layout, kind, options.dryRun)));
  return all.flat();
}

async function removeOld(
  layout: Layout,
  kind: ArtefactKind["name"],
  dryRun: boolean,
): Promise<OldArtefact[]> {
  const folder = layout.artefacts(kind);
  const isDigest = (name: string) => /^[0-9a-f]{64}$/.test(name);
  await using held = await tryLock(layout.lock(`build-${kind}`));
  const current = await readPointer(layout, kind);
  if (!held || !current || !(await isSettled(currentFile(layout, kind)))) return [];
  const digests = (await namesIn(folder)).filter((name) => isDigest(name) && name !== current.digest);
  if (!dryRun) for (const digest of digests) await removeTree(join(folder, digest), { within: folder });
  return digests.map((digest) => ({ kind, digest }));
}

async function isSettled(path: string): Promise<boolean> {
  const stats = await statIfExists(path);
  return stats !== undefined && Date.now() - stats.mtimeMs > SETTLED_MS;
}

/** As `buildBox` and `buildArtefact` name them. */
function isBuild(name: string): boolean {
  return /^(?:box|build)-/.test(name);
}

async function isMountedIn(folder: string): Promise<boolean> {
  const lines = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  return lines.some((line) => `${line.split(" ")[4]}/`.startsWith(`${folder}/`));
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (hasErrno(error, "ENOENT")) return [];
    throw error;
  });
}
