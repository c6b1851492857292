import type { Stats } from "node:fs";
import type { QemuUser } from "./qemu-user.ts";

/** Bits of one class in a mode. */
export const READ = 4;
export const WRITE = 2;
export const SEARCH = 1;

type Owned = Pick<Stats, "uid" | "gid" | "mode">;

/** Whether the mode bits let the user in; the first class that fits decides, as in the kernel. */
export function mayAccess(file: Owned, user: QemuUser, wanted: number): boolean {
  if (user.uid === 0) return true;
  const shift = file.uid === user.uid ? 6 : user.gids.includes(file.gid) ? 3 : 0;
  return ((file.mode >> shift) & wanted) === wanted;
}
