import { BothyError, messageOf } from "../../errors.ts";
import type { Layout } from "../../system/index.ts";
import type { BoxLayer } from "../box.ts";
import { readAll } from "./erofs/data.ts";
import { findName } from "./erofs/directory.ts";
import { ErofsImage } from "./erofs/image.ts";
import { type Inode, isWhiteout, readInode, typeOf } from "./erofs/inode.ts";
import { readXattrs } from "./erofs/xattrs.ts";

const MOST_LINKS = 40;

/** A file of a layer, with the digest of that layer. */
export interface Located {
  readonly inode: Inode;
  readonly digest: string;
}

/** One directory of the merged tree: its parts, uppermost layer first. */
type Parts = readonly Located[];

/** What layers show together, as overlayfs would: whiteouts hide, opaque directories cut off. Reads metadata only. */
export class MergedLayers implements AsyncDisposable {
  /** Uppermost first. */
  readonly #images: readonly { image: ErofsImage; digest: string }[];
  readonly #folders = new Map<string, Promise<Parts | undefined>>();

  private constructor(images: readonly { image: ErofsImage; digest: string }[]) {
    this.#images = images;
  }

  /**
   * Opens the layers' files (bottom first in `layers`, as everywhere).
   * @throws BothyError `LAYER_DAMAGED` when one is not there or is no layer.
   */
  static async open(layout: Layout, layers: readonly BoxLayer[]): Promise<MergedLayers> {
    const images: { image: ErofsImage; digest: string }[] = [];
    const merged = new MergedLayers(images);
    try {
      for (const { digest } of layers.toReversed()) {
        images.push({ image: await ErofsImage.open(layout.layer(digest)), digest });
      }
      return merged;
    } catch (error) {
      await merged[Symbol.asyncDispose]();
      throw new BothyError("LAYER_DAMAGED", `a layer cannot be read: ${messageOf(error)}`, { cause: error });
    }
  }

  /** What is at a path, no link followed; of a directory, its uppermost part. Names have one character a byte. */
  async at(path: string): Promise<Located | undefined> {
    if (path === "") return (await this.#folder(""))?.[0];
    const slash = path.lastIndexOf("/");
    const parent = await this.#folder(slash < 0 ? "" : path.slice(0, slash));
    return parent && (await this.#entries(parent, path.slice(slash + 1)))[0];
  }

  /** What is at a path when every link is followed, with the image's root as the root. */
  async resolve(path: string): Promise<Located | undefined> {
    const waiting = path.split("/").reverse();
    let current = "";
    let located = await this.at("");
    for (let links = 0; waiting.length > 0; ) {
      const name = waiting.pop() ?? "";
      if (name === "" || name === ".") continue;
      const next = name === ".." ? parentOf(current) : current === "" ? name : `${current}/${name}`;
      located = await this.at(next);
      if (!located) return undefined;
      if (typeOf(located.inode.mode) !== "symlink") {
        current = next;
        continue;
      }
      if (++links > MOST_LINKS) return undefined;
      const target = (await readAll(located.inode)).toString("latin1");
      waiting.push(...target.split("/").reverse());
      if (target.startsWith("/")) current = "";
      located = await this.at(current);
    }
    return located;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#images.map(({ image }) => image[Symbol.asyncDispose]()));
  }

  /** The parts of a directory; `undefined` when there is none. Each is looked up once. */
  #folder(path: string): Promise<Parts | undefined> {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const found = this.#findFolder(path);
    this.#folders.set(path, found);
    return found;
  }

  async #findFolder(path: string): Promise<Parts | undefined> {
    if (path === "") return this.#roots();
    const slash = path.lastIndexOf("/");
    const parent = await this.#folder(slash < 0 ? "" : path.slice(0, slash));
    if (!parent) return undefined;
    const parts = await this.#entries(parent, path.slice(slash + 1));
    return parts[0] && typeOf(parts[0].inode.mode) === "directory" ? parts : undefined;
  }

  async #roots(): Promise<Parts> {
    const parts: Located[] = [];
    for (const { image, digest } of this.#images) {
      const inode = await readInode(image, image.rootNid);
      parts.push({ inode, digest });
      if (await isOpaque(inode)) break;
    }
    return parts;
  }

  /** What a directory's parts have under a name: one file, or the parts of a directory. */
  async #entries(parent: Parts, name: string): Promise<Parts> {
    const found: Located[] = [];
    for (const { inode: folder, digest } of parent) {
      const nid = await findName(folder, name);
      if (nid === undefined) continue;
      const inode = await readInode(folder.image, nid);
      const isDirectory = typeOf(inode.mode) === "directory";
      if (isWhiteout(inode) || (!isDirectory && found.length > 0)) break;
      found.push({ inode, digest });
      if (!isDirectory || (await isOpaque(inode))) break;
    }
    return found;
  }
}

async function isOpaque(inode: Inode): Promise<boolean> {
  if (inode.xattrBytes === 0) return false;
  return (await readXattrs(inode)).get("user.overlay.opaque")?.toString() === "y";
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}
