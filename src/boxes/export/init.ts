import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { MERGED, type Mounted } from "../mounted/index.ts";

/** Where systemd lies, whether /usr is merged or not. */
const SYSTEMD = ["usr/lib/systemd/systemd", "lib/systemd/systemd"];

/** Whether the box's init is systemd, as far as can be told without following the box's links. */
export async function isSystemd(mounts: Mounted, init: string | undefined): Promise<boolean> {
  if (!init) return false;
  const found = await Promise.all(SYSTEMD.map((path) => isFile(join(mounts.folder, MERGED, path))));
  return found.includes(true);
}

async function isFile(path: string): Promise<boolean> {
  return lstat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
