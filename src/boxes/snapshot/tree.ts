import type { Stats } from "node:fs";
import { lstat, readdir, readlink, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { removeTree, statIfExists } from "../../system/index.ts";

/**
 * A tree that a machine wrote. Its links lead anywhere, so no path into it is ever handed to the kernel before each
 * part of it is known to be a real folder.
 */
export interface Tree {
  readonly folder: string;
}

/** As many links as the kernel follows. */
const MOST_LINKS = 40;

/** What is at a path of the tree (relative, no `..`), or `undefined`: nothing, or behind a link. */
export async function statIn(tree: Tree, path: string): Promise<Stats | undefined> {
  const parts = path.split("/");
  for (let depth = 1; depth < parts.length; depth++) {
    const stats = await statIfExists(join(tree.folder, ...parts.slice(0, depth)));
    if (!stats?.isDirectory()) return undefined;
  }
  return statIfExists(join(tree.folder, path));
}

/** The names in a real folder of the tree; none when there is no such folder. */
export async function namesIn(tree: Tree, path: string): Promise<string[]> {
  if (!(await statIn(tree, path))?.isDirectory()) return [];
  return (await readdir(join(tree.folder, path))).sort();
}

/** Whether it is overlayfs's mark of a deleted name. */
export function isWhiteout(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0;
}

/** Removes what is at the path, a folder with all in it; the folder around it keeps its time. Nothing there is fine. */
export async function removeIn(tree: Tree, path: string): Promise<void> {
  const stats = await statIn(tree, path);
  if (!stats) return;
  await keepingTime(join(tree.folder, path, ".."), async () => {
    if (stats.isDirectory()) await removeTree(join(tree.folder, path), { within: tree.folder });
    else await rm(join(tree.folder, path));
  });
}

/** Does something in a folder whose time is to stay what it was. */
export async function keepingTime<T>(folder: string, action: () => Promise<T>): Promise<T> {
  const { atime, mtime } = await lstat(folder);
  try {
    return await action();
  } finally {
    await utimes(folder, atime, mtime);
  }
}

/**
 * Where an absolute path of the machine leads, its links followed inside the tree: relative, with no link in it.
 * Parts that do not exist stay as they are. `undefined` when links go round in circles.
 */
export async function resolveIn(tree: Tree, path: string): Promise<string | undefined> {
  const todo = path.split("/");
  const done: string[] = [];
  for (let links = 0; todo.length > 0; ) {
    const part = todo.shift() ?? "";
    if (part === "" || part === ".") continue;
    if (part === "..") {
      done.pop();
      continue;
    }
    const stats = await statIfExists(join(tree.folder, ...done, part));
    if (!stats?.isSymbolicLink()) {
      done.push(part);
      continue;
    }
    if (++links > MOST_LINKS) return undefined;
    const target = await readlink(join(tree.folder, ...done, part));
    if (target.startsWith("/")) done.length = 0;
    todo.unshift(...target.split("/"));
  }
  return done.join("/");
}
