import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { BothyError } from "../../../errors.ts";
import { mayAccess, READ, SEARCH } from "./access.ts";
import type { QemuUser } from "./qemu-user.ts";

/** The first thing on the way to a file that keeps QEMU's user out. */
export interface Obstacle {
  readonly path: string;
  /** The command that opens it. */
  readonly hint: string;
}

/**
 * Looks at every folder above the files, and at the files of `readable` too. libvirt gives QEMU's user the
 * machine's own files, but never the folders on the way.
 */
export async function findObstacle(
  files: { readonly reached: readonly string[]; readonly readable: readonly string[] },
  user: QemuUser,
): Promise<Obstacle | undefined> {
  const folders = new Set([...files.reached, ...files.readable].flatMap(foldersAbove));
  const ordered = [...folders].sort((a, b) => a.length - b.length);
  return (await firstClosed(ordered, user, SEARCH, "a+x")) ?? firstClosed(files.readable, user, READ, "a+r");
}

/** The error for an obstacle. */
export function unreachableStore({ path, hint }: Obstacle, user: QemuUser): BothyError {
  return new BothyError(
    "STORE_UNREACHABLE",
    `\`${user.name}\`, libvirt's user for QEMU, cannot pass ${path}`,
    {
      hints: [hint, "or put the store elsewhere: set BOTHY_HOME to a folder that others may pass"],
    },
  );
}

async function firstClosed(paths: readonly string[], user: QemuUser, wanted: number, fix: string) {
  const stats = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
  const index = stats.findIndex((file) => file && !mayAccess(file, user, wanted));
  const path = paths[index];
  return path === undefined ? undefined : { path, hint: `chmod ${fix} ${path}` };
}

function foldersAbove(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...foldersAbove(parent), parent];
}
