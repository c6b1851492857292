import type { Stats } from "node:fs";
import { chmod, chown, mkdir, open, readFile, rm, symlink } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { BothyError } from "../../../errors.ts";
import { statIfExists } from "../../../system/index.ts";
import { resolveIn, type Tree } from "../../snapshot/index.ts";

/** How a file of a root is written. */
export interface Placing {
  readonly mode?: number | undefined;
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/** A root file system that is being changed from outside: links are followed as inside, and lead nowhere else. */
export interface Root {
  /** What is at an absolute path, links followed. */
  stat(path: string): Promise<Stats | undefined>;
  read(path: string): Promise<string | undefined>;
  /** Replaces what is there, a link too; folders on the way are made. */
  write(path: string, text: string | Uint8Array, placing?: Placing): Promise<void>;
  link(path: string, target: string): Promise<void>;
  /** Makes a folder unless it is there; returns where it is on the host. */
  folder(path: string, placing?: Placing): Promise<string>;
}

/** The root in that folder. Nobody else changes it. */
export function rootAt(tree: Tree): Root {
  const locate = async (path: string) => {
    const found = await resolveIn(tree, path);
    if (found === undefined) throw new BothyError("EXPORT_FAILED", `${path} of the box is a link to itself`);
    return join(tree.folder, found);
  };
  const stat = async (path: string) => statIfExists(await locate(path));
  const folder = async (path: string, { mode = 0o755, owner }: Placing = {}) => {
    const place = await locate(path);
    if (await statIfExists(place)) return place;
    await mkdir(place, { recursive: true });
    await chmod(place, mode);
    if (owner) await chown(place, owner.uid, owner.gid);
    return place;
  };
  /** A free place of that name in its folder, which is found as inside. */
  const clear = async (path: string) => {
    const place = join(await folder(dirname(path)), posix.basename(path));
    await rm(place, { force: true });
    return place;
  };
  return {
    stat,
    folder,
    read: async (path) => ((await stat(path))?.isFile() ? readFile(await locate(path), "utf8") : undefined),
    write: async (path, text, { mode = 0o644, owner = { uid: 0, gid: 0 } } = {}) => {
      const file = await open(await clear(path), "wx", mode);
      try {
        await file.writeFile(text);
        await file.chmod(mode);
        await file.chown(owner.uid, owner.gid);
      } finally {
        await file.close();
      }
    },
    link: async (path, target) => symlink(target, await clear(path)),
  };
}
