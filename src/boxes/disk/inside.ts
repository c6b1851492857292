import { constants, type Stats } from "node:fs";
import { lstat, open, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { hasErrno } from "../../errors.ts";

const MOST_LINKS = 40;
const MOST_BYTES = 1 << 20;

/** A tree of somebody else's, read as its own system would: links stay inside, however they are written. */
export interface Tree {
  readonly root: string;
  /** What is at a path once every link is followed; `undefined` for nothing. */
  stat(path: string): Promise<Stats | undefined>;
  /** What is at a path whose parents are real folders, itself not followed; `undefined` for nothing or behind a link. */
  statHere(path: string): Promise<Stats | undefined>;
  /** The text of a regular file of at most a megabyte, links followed. */
  read(path: string): Promise<string | undefined>;
  /** The sorted names in a folder, links followed; none where there is no folder. */
  list(path: string): Promise<string[]>;
  /** The host's path of what is at a path, links followed; none of its parts is a link then. */
  locate(path: string): Promise<string | undefined>;
}

/** Opens the tree that is mounted or lies at `root`. Nobody else writes to it meanwhile. */
export function treeAt(root: string): Tree {
  const locate = (path: string) => locateIn(root, path);
  const stat = async (path: string) => {
    const found = await locate(path);
    return found === undefined ? undefined : statOf(found);
  };
  return {
    root,
    locate,
    stat,
    statHere: (path) => statHere(root, path),
    read: async (path) => {
      const found = await locate(path);
      return found === undefined ? undefined : readSmall(found);
    },
    list: async (path) => {
      const found = await locate(path);
      const stats = found === undefined ? undefined : await statOf(found);
      return found !== undefined && stats?.isDirectory() ? (await readdir(found)).sort() : [];
    },
  };
}

async function locateIn(root: string, path: string): Promise<string | undefined> {
  const todo = path.split("/");
  let done: string[] = [];
  for (let links = 0; todo.length > 0; ) {
    const part = todo.shift() ?? "";
    if (part === "" || part === ".") continue;
    if (part === "..") {
      done = done.slice(0, -1);
      continue;
    }
    const here = join(root, ...done, part);
    const stats = await statOf(here);
    if (!stats) return undefined;
    if (stats.isSymbolicLink()) {
      if (++links > MOST_LINKS) return undefined;
      const target = await readlink(here);
      if (target.startsWith("/")) done = [];
      todo.unshift(...target.split("/"));
      continue;
    }
    if (!stats.isDirectory() && todo.some((rest) => rest !== "" && rest !== ".")) return undefined;
    done.push(part);
  }
  return join(root, ...done);
}

async function statHere(root: string, path: string): Promise<Stats | undefined> {
  const parts = path.split("/").filter(Boolean);
  for (let depth = 1; depth < parts.length; depth++) {
    if (!(await statOf(join(root, ...parts.slice(0, depth))))?.isDirectory()) return undefined;
  }
  return statOf(join(root, ...parts));
}

async function statOf(path: string): Promise<Stats | undefined> {
  return lstat(path).catch((error: unknown) => {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "ENAMETOOLONG", "EUCLEAN", "EIO")) return undefined;
    throw error;
  });
}

async function readSmall(path: string): Promise<string | undefined> {
  const stats = await statOf(path);
  if (!stats?.isFile() || stats.size > MOST_BYTES) return undefined;
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
