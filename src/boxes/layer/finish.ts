import { readAll, readData } from "./erofs/data.ts";
import { deviceOf, type Inode, typeOf } from "./erofs/inode.ts";
import { FILE_TYPE } from "./erofs/inode-bytes.ts";
import { reserveDirectory, writeDirectory } from "./erofs/write-directories.ts";
import { type ErofsWriter, ROOT_NID } from "./erofs/writer.ts";
import type { MergedLayers } from "./merged.ts";
import { impliedFolders, type Plan } from "./plan.ts";
import { attributesOf, folderBelow, isThere, PLAIN_FOLDER } from "./questions.ts";
import { Refusal, showName } from "./refusal.ts";
import type { Attributes } from "./tar/attributes.ts";
import { type Folder, fileTypeOf, type LayerTree, type Leaf, leafOf, nidOf, splitPath } from "./tree.ts";

const OPAQUE = ["user.overlay.opaque", Buffer.from("y")] as const;

/**
 * Writes what depends on the layers below, and then the directories. A hard link to a file of a lower layer brings that
 * file into this one, under both names, as it would happen on a mounted overlay.
 * @throws Refusal for a hard link to what no layer has.
 */
export async function finishTree(
  writer: ErofsWriter,
  tree: LayerTree,
  plan: Plan,
  below: MergedLayers,
): Promise<void> {
  await bringLinksUp(writer, tree, plan, below);
  await hide(writer, tree, plan, below);
  const inherited = new Set(impliedFolders(tree)); // links and whiteouts may have brought some more
  for (const [path, folder] of tree.folders()) {
    folder.attributes ??= inherited.has(path) ? await folderBelow(below, path) : PLAIN_FOLDER;
    if (folder.isOpaque) folder.attributes = opaque(folder.attributes);
  }
  await writeFolders(writer, tree);
  await countLinks(writer, tree);
}

async function bringLinksUp(
  writer: ErofsWriter,
  tree: LayerTree,
  plan: Plan,
  below: MergedLayers,
): Promise<void> {
  const isHidden = new Set(plan.hidden);
  for (const [target, names] of plan.links) {
    const leaf = await bringUp(writer, below, target, names[0] ?? target);
    for (const name of names) set(tree, name, leaf);
    // where this layer has another file at the target, or hides it, only the new names are this file
    if (tree.find(target) === undefined && !isHidden.has(target)) set(tree, target, leaf);
  }
}

async function bringUp(
  writer: ErofsWriter,
  below: MergedLayers,
  target: string,
  path: string,
): Promise<Leaf> {
  const inode = (await below.at(target))?.inode;
  const type = inode && typeOf(inode.mode);
  if (!inode || !type) throw new Refusal(`is a hard link to \`${showName(target)}\`, which is nowhere`, path);
  if (type === "directory") throw new Refusal("is a hard link to a directory of a lower layer", path);
  return leafOf(await copy(writer, inode, type), type);
}

async function copy(
  writer: ErofsWriter,
  inode: Inode,
  type: "file" | "symlink" | "character" | "block" | "fifo",
): Promise<number> {
  const attributes = await attributesOf(inode);
  if (type === "symlink") return writer.symlink(attributes, (await readAll(inode)).toString("latin1"));
  if (type !== "file") return writer.special(attributes, type, deviceOf(inode));
  const data = readData(inode);
  return writer.file(attributes, inode.size, async () => (await data.next()).value ?? undefined);
}

/** Whiteouts are character devices 0:0; one file with many names. */
async function hide(writer: ErofsWriter, tree: LayerTree, plan: Plan, below: MergedLayers): Promise<void> {
  let whiteout: Leaf | undefined;
  for (const path of plan.hidden) {
    if (!(await isThere(below, path))) continue; // it would show up as a name that cannot be opened
    const attributes = { ...PLAIN_FOLDER, mode: 0 };
    whiteout ??= leafOf(await writer.special(attributes, "character", { major: 0, minor: 0 }), "character");
    set(tree, path, whiteout);
  }
}

function set(tree: LayerTree, path: string, leaf: Leaf): void {
  const [parent, name] = splitPath(path);
  tree.folder(parent, path).children.set(name, leaf);
}

/** Directories name each other, so all get their places before the first is written. */
async function writeFolders(writer: ErofsWriter, tree: LayerTree): Promise<void> {
  const nids = new Map<Folder, number>();
  for (const [path, folder] of tree.folders()) {
    const isRoot = path === "";
    nids.set(folder, await reserveDirectory(writer, folder.children.keys(), attributesIn(folder), isRoot));
  }
  const nid = (folder: Folder) => nids.get(folder) ?? ROOT_NID;
  for (const [path, folder] of tree.folders()) {
    const parent = tree.find(splitPath(path)[0]);
    await writeDirectory(writer, {
      attributes: attributesIn(folder),
      names: [...folder.children].map(([name, child]) =>
        typeof child === "object"
          ? ([name, FILE_TYPE.directory, nid(child)] as const)
          : ([name, fileTypeOf(child), nidOf(child)] as const),
      ),
      folders: [...folder.children.values()].filter((child) => typeof child === "object").length,
      nid: nid(folder),
      parentNid: typeof parent === "object" ? nid(parent) : ROOT_NID,
    });
  }
}

async function countLinks(writer: ErofsWriter, tree: LayerTree): Promise<void> {
  const seen = new Set<Leaf>();
  const links = new Map<Leaf, number>();
  for (const [, { children }] of tree.folders()) {
    for (const child of children.values()) {
      if (typeof child === "object") continue;
      if (seen.has(child)) links.set(child, (links.get(child) ?? 1) + 1);
      seen.add(child);
    }
  }
  for (const [leaf, count] of links) await writer.setLinks(nidOf(leaf), count);
}

function attributesIn(folder: Folder): Attributes {
  return folder.attributes ?? PLAIN_FOLDER;
}

function opaque(attributes: Attributes): Attributes {
  return { ...attributes, xattrs: new Map([...attributes.xattrs, OPAQUE]) };
}
