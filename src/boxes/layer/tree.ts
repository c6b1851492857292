import { FILE_TYPE } from "./erofs/inode-bytes.ts";
import { Refusal } from "./refusal.ts";
import type { Attributes } from "./tar/attributes.ts";

/** A directory of the layer. */
export interface Folder {
  readonly children: Map<string, Folder | Leaf>;
  /** Absent: the tar only implies it. */
  attributes?: Attributes;
  /** Nothing of it shows from the layers below. */
  isOpaque: boolean;
  /** Another directory than the one below, not only other content. */
  isNew: boolean;
}

/**
 * What is no directory: the number of its inode and its type in one number, which keeps a million of them small. Names
 * of one file have the same.
 */
export type Leaf = number;
/** A hard link to what the layers below have: settled at the end. */
export const PENDING: Leaf = 0;
const TYPES = 8;

export function leafOf(nid: number, type: keyof typeof FILE_TYPE): Leaf {
  return nid * TYPES + FILE_TYPE[type];
}

export function nidOf(leaf: Leaf): number {
  return Math.floor(leaf / TYPES);
}

/** As directories have it. */
export function fileTypeOf(leaf: Leaf): number {
  return leaf % TYPES;
}

/** The names of a layer while its tar is read: two dozen bytes and the name for each. */
export class LayerTree {
  readonly root: Folder = newFolder();

  /** What is at a path; `undefined` when nothing is. A parent that is no directory is nothing too. */
  find(path: string): Folder | Leaf | undefined {
    let current: Folder | Leaf | undefined = this.root;
    for (const name of path === "" ? [] : path.split("/")) {
      if (typeof current !== "object") return undefined;
      current = current.children.get(name);
    }
    return current;
  }

  /**
   * The directory at a path, which is made of nothing where there is none.
   * @throws Refusal, naming the entry, when the way leads through a link or a file.
   */
  folder(path: string, entry: string): Folder {
    let current = this.root;
    for (const name of path === "" ? [] : path.split("/")) {
      const next = current.children.get(name);
      if (typeof next === "number" && fileTypeOf(next) === FILE_TYPE.symlink) {
        throw new Refusal(`has the symbolic link \`${name}\` as a parent`, entry);
      }
      if (typeof next === "number") throw new Refusal(`has the file \`${name}\` as a parent`, entry);
      const folder = next ?? newFolder();
      if (!next) current.children.set(name, folder);
      current = folder;
    }
    return current;
  }

  /** Every directory with its path, parents first. */
  *folders(): Generator<readonly [path: string, folder: Folder]> {
    const waiting: [string, Folder][] = [["", this.root]];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      yield next;
      const [path, { children }] = next;
      for (const [name, child] of children)
        if (typeof child === "object") waiting.push([joinPath(path, name), child]);
    }
  }
}

/** A path's directory and its last name. */
export function splitPath(path: string): [parent: string, name: string] {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? ["", path] : [path.slice(0, slash), path.slice(slash + 1)];
}

export function joinPath(parent: string, name: string): string {
  return parent === "" ? name : `${parent}/${name}`;
}

function newFolder(): Folder {
  return { children: new Map(), isOpaque: false, isNew: false };
}
