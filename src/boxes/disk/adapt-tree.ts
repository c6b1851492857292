import type { Stats } from "node:fs";
import { chmod, chown, lutimes, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../../system/index.ts";
import type { Change } from "./change.ts";
import type { Tree } from "./inside.ts";

/** What we write has one time, so that the same box gives the same layer. */
const TIME = new Date(Date.UTC(2020, 0, 1));

/**
 * Writes changes as a layer over `tree`: files, links, and for what is removed the whiteouts that overlayfs knows.
 * Folders on the way have the attributes that they have below, for a layer's folder stands for all of the same name.
 */
export async function writeChanges(changes: readonly Change[], tree: Tree, folder: string): Promise<void> {
  await mkdir(folder);
  const folders = new Map<string, Stats | undefined>([["/", await tree.statHere("/")]]);
  for (const { path } of changes) {
    for (let parent = dirname(path); parent !== "/"; parent = dirname(parent)) {
      folders.set(parent, await tree.statHere(parent));
    }
  }
  const sorted = [...folders.keys()].sort((a, b) => a.length - b.length);
  for (const path of sorted) await mkdir(join(folder, path), { recursive: true });
  for (const change of changes) await writeChange(change, tree, join(folder, change.path));
  for (const path of sorted.reverse()) await copyAttributes(join(folder, path), folders.get(path));
}

async function writeChange(change: Change, tree: Tree, target: string): Promise<void> {
  if ("remove" in change) {
    await run(["mknod", target, "c", "0", "0"]);
  } else if ("link" in change) {
    await symlink(change.link, target);
  } else {
    await writeFile(target, change.text);
    const owner = change.like === undefined ? undefined : await tree.statHere(change.like);
    if (owner) await chown(target, owner.uid, owner.gid);
    await chmod(target, change.mode ?? 0o644);
  }
  await lutimes(target, TIME, TIME);
}

async function copyAttributes(target: string, stats: Stats | undefined): Promise<void> {
  if (!stats) return;
  await chown(target, stats.uid, stats.gid);
  await chmod(target, stats.mode & 0o7777);
  await lutimes(target, stats.mtime, stats.mtime);
}
