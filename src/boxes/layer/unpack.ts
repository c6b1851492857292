import type { Budget } from "./budget.ts";
import { doXattrsFit } from "./erofs/inode-bytes.ts";
import type { ErofsWriter } from "./erofs/writer.ts";
import { linkTargetOf, placeOf } from "./names.ts";
import { type Plan, planLayer } from "./plan.ts";
import { Refusal } from "./refusal.ts";
import type { TarEntry, TarReader } from "./tar/reader.ts";
import { LayerTree, type Leaf, leafOf, PENDING, splitPath } from "./tree.ts";

type LeafType = Exclude<TarEntry["type"], "directory">;

/**
 * Takes the entries of one tar: files are written as they come, directories and everything that concerns the layers
 * below are kept in mind until the end. Of entries with the same name the last one counts.
 * @throws Refusal, naming the entry, for what would lead outside or means nothing.
 */
export class Unpacking {
  readonly tree = new LayerTree();
  readonly #reader: TarReader;
  readonly #writer: ErofsWriter;
  readonly #budget: Budget;
  readonly #whiteouts = new Map<string, string>();
  readonly #opaque = new Map<string, string>();
  readonly #links = new Map<string, string>();

  constructor(reader: TarReader, writer: ErofsWriter, budget: Budget) {
    this.#reader = reader;
    this.#writer = writer;
    this.#budget = budget;
  }

  /** Reads the tar to its end mark and tells what is left to do. */
  async readAll(): Promise<Plan> {
    for (let entry = await this.#reader.next(); entry; entry = await this.#reader.next()) {
      this.#budget.count(entry);
      await this.#take(entry);
    }
    const marks = { whiteouts: this.#whiteouts, opaque: this.#opaque, links: this.#links };
    return planLayer(this.tree, marks);
  }

  async #take(entry: TarEntry): Promise<void> {
    const place = placeOf(entry.name);
    if (place.kind === "whiteout") this.#whiteouts.set(place.path, entry.name);
    if (place.kind === "opaque") this.#opaque.set(place.path, entry.name);
    if (place.kind !== "path") return;
    requireSense(entry);
    const { type } = entry;
    if (type === "directory") this.#takeFolder(place.path, entry);
    else await this.#takeLeaf(place.path, entry, type);
  }

  #takeFolder(path: string, entry: TarEntry): void {
    const { name, attributes } = entry;
    const [parent, last] = splitPath(path);
    const { children } = this.tree.folder(parent, name);
    if (path !== "" && typeof children.get(last) === "number") children.delete(last);
    this.tree.folder(path, name).attributes = attributes;
  }

  async #takeLeaf(path: string, entry: TarEntry, type: LeafType): Promise<void> {
    const { name, link } = entry;
    if (path === "") throw new Refusal("is the root, but no directory", name);
    const [parent, last] = splitPath(path);
    const folder = this.tree.folder(parent, name);
    if (type === "hardlink") {
      const target = linkTargetOf(link, name);
      const leaf = this.#linked(target, path, name);
      folder.children.set(last, leaf);
      if (leaf === PENDING && target !== path) this.#links.set(path, this.#links.get(target) ?? target);
    } else folder.children.set(last, leafOf(await this.#write(entry, type), type));
  }

  /** What a name becomes that is linked to a path of this layer or, when that is nowhere, of those below. */
  #linked(target: string, path: string, entry: string): Leaf {
    for (let at = splitPath(target)[0]; at !== ""; at = splitPath(at)[0]) {
      if (typeof this.tree.find(at) === "number") {
        throw new Refusal("is a hard link that leads through a link or a file", entry);
      }
    }
    const found = this.tree.find(target);
    if (typeof found === "object") throw new Refusal("is a hard link to a directory", entry);
    if (found === undefined && target === path) throw new Refusal("is a hard link to itself", entry);
    return found ?? PENDING;
  }

  /** Returns the number of the inode. */
  #write(entry: TarEntry, type: Exclude<LeafType, "hardlink">): Promise<number> {
    const { attributes, size, extents } = entry;
    const pieces = () => this.#reader.piece();
    if (type === "symlink") return this.#writer.symlink({ ...attributes, mode: 0o777 }, entry.link);
    if (type !== "file") return this.#writer.special(attributes, type, entry);
    if (extents) return this.#writer.sparseFile(attributes, size, extents, pieces);
    return this.#writer.file(attributes, size, pieces);
  }
}

function requireSense({ name, type, link, major, minor, attributes: { xattrs } }: TarEntry): void {
  if (xattrs.size > 0 && !doXattrsFit(xattrs)) throw new Refusal("has too many extended attributes", name);
  if (type === "symlink" && (link === "" || link.includes("\0") || link.length > 4095)) {
    throw new Refusal("is a symbolic link to no possible name", name);
  }
  if (type !== "character" && type !== "block") return;
  if (major < 0 || minor < 0 || major > 0xfff || minor > 0xfffff) {
    throw new Refusal(`is the absurd device ${major}:${minor}`, name);
  }
  if (type === "character" && major === 0 && minor === 0) {
    throw new Refusal("is the device 0:0, which would hide what is below", name);
  }
}
