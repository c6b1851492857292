import { chmod, lstat, mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BothyError } from "../../errors.ts";
import { run } from "../../system/index.ts";
import type { Mounted } from "../mounted/index.ts";
import { keepingTime, removeIn, resolveIn, statIn } from "./tree.ts";

/** A folder that the machine kept off its overlay. */
export interface Volume {
  /** Its folder's name below `volumes/` on the data disk. */
  readonly name: string;
  /** Where the machine has it; absolute. */
  readonly path: string;
}

/** Where the namespace has the data disk's copy, and the machine's root on top of it for a moment. */
export const DISK = "disk";
export const ROOT = "root";
const OPAQUE = ["setfattr", "-n", "user.overlay.opaque", "-v", "y", "--"];

/**
 * Moves the content of each volume to its place in `upper/`, where it hides what the box has there: a new machine fills
 * its own volume from it. A volume that was never used adds nothing. Works on a copy, which it changes.
 */
export async function foldVolumes(mounts: Mounted, overlay: readonly string[], volumes: readonly Volume[]) {
  const outerFirst = [...volumes].sort((a, b) => a.path.length - b.path.length);
  for (const { name, path } of outerFirst) {
    const source = { folder: join(mounts.folder, DISK, "volumes") };
    if (!(await statIn(source, name))?.isDirectory()) continue;
    // the machine may have made files of its volume unchangeable, for us too
    await run(["chattr", "-R", "-f", "-ia", join(source.folder, name)], { okCodes: [0, 1] });
    const place = await prepare(mounts, overlay, path);
    const upper = { folder: join(mounts.folder, DISK, "upper") };
    await removeIn(upper, place);
    await keepingTime(dirname(join(upper.folder, place)), () =>
      rename(join(source.folder, name), join(upper.folder, place)),
    );
    await run([...OPAQUE, join(upper.folder, place)]);
  }
}

/** Sees to it that `upper/` has the folder around the volume, with its owner and mode; returns the place inside. */
async function prepare(mounts: Mounted, overlay: readonly string[], path: string): Promise<string> {
  await mounts.run(overlay);
  try {
    const root = { folder: join(mounts.folder, ROOT) };
    const place = await resolveIn(root, path);
    if (!place) throw new BothyError("EXPORT_FAILED", `the volume ${path} is behind links that lead nowhere`);
    const parent = dirname(join(root.folder, place));
    await mkdir(parent, { recursive: true });
    const { mode } = await lstat(parent);
    await chmod(parent, mode & 0o7777); // no change, but the kernel copies the folder up for it
    return place;
  } finally {
    await mounts.run(["umount", ROOT]);
  }
}
