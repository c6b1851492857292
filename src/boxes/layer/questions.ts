import { createHash } from "node:crypto";
import { type Inode, typeOf } from "./erofs/inode.ts";
import { readXattrs } from "./erofs/xattrs.ts";
import type { MergedLayers } from "./merged.ts";
import type { Attributes } from "./tar/attributes.ts";

/**
 * What a layer has to know of those below it. `hidden`: is there anything that this whiteout hides? `folder`: what are
 * the attributes of a directory that the tar only implies? `link`: which file does this hard link go to?
 */
export interface Question {
  readonly about: "hidden" | "folder" | "link";
  /** One character a byte, relative to the root. */
  readonly path: string;
}

/** A directory that nothing tells of. */
export const PLAIN_FOLDER: Attributes = {
  mode: 0o755,
  uid: 0,
  gid: 0,
  seconds: 0,
  nanoseconds: 0,
  xattrs: new Map(),
};

/** Whether the layers below have anything at the path. */
export async function isThere(below: MergedLayers, path: string): Promise<boolean> {
  return (await below.at(path)) !== undefined;
}

/** The attributes that an implied directory takes from the one below; plain ones when there is none. */
export async function folderBelow(below: MergedLayers, path: string): Promise<Attributes> {
  const inode = (await below.at(path))?.inode;
  return inode && typeOf(inode.mode) === "directory" ? attributesOf(inode) : PLAIN_FOLDER;
}

/** An inode's attributes without overlayfs's marks. */
export async function attributesOf(inode: Inode): Promise<Attributes> {
  const { mode, uid, gid, seconds, nanoseconds } = inode;
  const xattrs = await readXattrs(inode);
  for (const name of xattrs.keys()) if (/^(?:user|trusted)\.overlay\./.test(name)) xattrs.delete(name);
  return { mode: mode & 0o7777, uid, gid, seconds, nanoseconds, xattrs };
}

/** One digest of all the answers: layers below that give the same make the same layer of a tar. */
export async function digestOfAnswers(below: MergedLayers, questions: readonly Question[]): Promise<string> {
  const hash = createHash("sha256");
  for (const question of questions) hash.update(`${JSON.stringify(await answer(below, question))}\n`);
  return hash.digest("hex");
}

async function answer(below: MergedLayers, { about, path }: Question): Promise<unknown> {
  if (about === "hidden") return isThere(below, path);
  if (about === "link") {
    const located = await below.at(path);
    return located ? [located.digest, located.inode.nid] : [];
  }
  const { xattrs, ...rest } = await folderBelow(below, path);
  const sorted = [...xattrs].map(([name, value]) => [name, value.toString("base64")]).sort();
  return [rest.mode, rest.uid, rest.gid, rest.seconds, rest.nanoseconds, sorted];
}
