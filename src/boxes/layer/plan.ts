import type { Question } from "./questions.ts";
import { type Folder, joinPath, type LayerTree, PENDING, splitPath } from "./tree.ts";

/** What the tar says of the layers below, as it stood. */
export interface Marks {
  /** path -> the entry's name */
  readonly whiteouts: ReadonlyMap<string, string>;
  readonly opaque: ReadonlyMap<string, string>;
  /** Hard links that go to nothing in this layer: path -> target. */
  readonly links: ReadonlyMap<string, string>;
}

/** What is left to write when everything of the tar is read. Its order is always the same. */
export interface Plan {
  /** Whiteouts, as far as the layers below have something there. */
  readonly hidden: readonly string[];
  /** Target in the layers below -> the names that it gets here. */
  readonly links: ReadonlyMap<string, readonly string[]>;
  readonly questions: readonly Question[];
}

/**
 * Settles what whiteouts and opaque marks mean, wherever in the tar they stood: they concern the layers below only.
 * A whiteout of a directory that is in the tar as well makes it opaque; one of anything else that is there is done by
 * its being there; one inside an opaque directory says nothing new.
 * @throws Refusal for marks behind symbolic links.
 */
export function planLayer(tree: LayerTree, marks: Marks): Plan {
  for (const [path, entry] of marks.opaque) tree.folder(path, entry).isOpaque = true;
  for (const path of marks.whiteouts.keys()) {
    const found = tree.find(path);
    if (typeof found === "object") found.isOpaque = found.isNew = true;
  }
  const hidden = [...marks.whiteouts]
    .filter(([path, entry]) => isNeeded(tree, path, entry))
    .map(([path]) => path);
  const links = linksByTarget(tree, marks.links);
  const inherited = [...new Set([...impliedFolders(tree), ...parentsOf(tree, [...hidden, ...links.keys()])])];
  const questions: Question[] = [
    ...hidden.map((path): Question => ({ about: "hidden", path })),
    ...[...links.keys()].map((path): Question => ({ about: "link", path })),
    ...inherited.map((path): Question => ({ about: "folder", path })),
  ];
  return { hidden, links, questions };
}

/**
 * Directories without attributes of their own, where the layers below can have some. Not the root: a machine's is that
 * of its own uppermost directory, and asking for it would make nearly every layer depend on those below.
 */
export function impliedFolders(tree: LayerTree): string[] {
  return [...visibleFolders("", tree.root)].sort();
}

function* visibleFolders(path: string, folder: Folder): Generator<string> {
  if (folder.isNew) return;
  if (!folder.attributes && path !== "") yield path;
  if (folder.isOpaque) return;
  for (const [name, child] of folder.children) {
    if (typeof child === "object") yield* visibleFolders(joinPath(path, name), child);
  }
}

/** The directories that these paths will need beside those that are there. */
function parentsOf(tree: LayerTree, paths: readonly string[]): Set<string> {
  const parents = new Set<string>();
  for (const path of paths) {
    for (let at = splitPath(path)[0]; at !== "" && !parents.has(at); at = splitPath(at)[0]) {
      if (tree.find(at) === undefined) parents.add(at);
    }
  }
  return parents;
}

function isNeeded(tree: LayerTree, path: string, entry: string): boolean {
  if (tree.find(path) !== undefined) return false;
  const [parent] = splitPath(path);
  let current: Folder | undefined = tree.root;
  for (const name of parent === "" ? [] : parent.split("/")) {
    if (current.isOpaque) return false;
    const next: Folder | number | undefined = current.children.get(name);
    if (typeof next === "number") tree.folder(parent, entry); // refuses it
    if (typeof next !== "object") return true;
    current = next;
  }
  return !current.isOpaque;
}

function linksByTarget(tree: LayerTree, links: ReadonlyMap<string, string>): Map<string, string[]> {
  const byTarget = new Map<string, string[]>();
  for (const [path, target] of links) {
    if (tree.find(path) !== PENDING) continue; // something else came in its place
    byTarget.set(target, [...(byTarget.get(target) ?? []), path]);
  }
  return byTarget;
}
