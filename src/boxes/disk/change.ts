import type { Tree } from "./inside.ts";

/** What a box's own files become so that they do not fight with ours. Paths are absolute; parents are real folders. */
export type Change =
  | { readonly path: string; readonly remove: true }
  | {
      readonly path: string;
      readonly text: string;
      readonly mode?: number | undefined;
      readonly like?: string;
    }
  | { readonly path: string; readonly link: string };

/** Removes what is there. */
export async function removal(tree: Tree, path: string): Promise<Change[]> {
  return (await tree.statHere(path)) ? [{ path, remove: true }] : [];
}

/** Removes the files of a folder whose names match. */
export async function removals(tree: Tree, folder: string, names: RegExp): Promise<Change[]> {
  if (!(await tree.statHere(folder))?.isDirectory()) return [];
  const found = (await tree.list(folder)).filter((name) => names.test(name));
  return found.map((name) => ({ path: `${folder}/${name}`, remove: true }));
}

/** Replaces a file that is there, and keeps what it was beside it, ending in `.box`. */
export async function replacement(tree: Tree, path: string, text: string): Promise<Change[]> {
  const stats = await tree.statHere(path);
  if (!stats) return [];
  const before = stats.isFile() ? await tree.read(path) : undefined;
  const mode = stats.isFile() ? stats.mode & 0o777 : 0o644;
  if (before === undefined || before === text) return [{ path, text, mode }];
  return [
    { path, text, mode },
    { path: `${path}.box`, text: before, mode },
  ];
}

/** Writes a file where its folder is. */
export async function addition(tree: Tree, path: string, text: string): Promise<Change[]> {
  const folder = path.slice(0, path.lastIndexOf("/"));
  return (await tree.statHere(folder))?.isDirectory() ? [{ path, text, mode: 0o644 }] : [];
}
