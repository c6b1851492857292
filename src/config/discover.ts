import { dirname, join, resolve } from "node:path";
import { BothyError, hasErrno, messageOf } from "../errors.ts";
import { readIfExists, statIfExists } from "../system/index.ts";

/** Names of the project file; the first wins where a folder has both. */
export const FILE_NAMES = ["bothy.yaml", "bothy.yml"] as const;

/** A project file that was found. */
export interface Found {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  /** Another project file beside it, which is not read. */
  readonly shadowed?: string | undefined;
}

/**
 * Finds the project file in a folder or the nearest one above it.
 * @throws BothyError `CONFIG_MISSING` when there is none, `USAGE` when there is no such folder.
 */
export async function discover(cwd: string): Promise<Found> {
  const start = resolve(cwd);
  if (!(await statIfExists(start))) throw new BothyError("USAGE", `no such folder: "${start}"`);
  for (let folder = start; ; folder = dirname(folder)) {
    const found = await findIn(folder);
    if (found) return found;
    if (folder === dirname(folder)) throw missing(start);
  }
}

async function findIn(folder: string): Promise<Found | undefined> {
  const paths = FILE_NAMES.map((name) => join(folder, name));
  const texts = await Promise.all(paths.map(readText));
  const files = paths.flatMap((path, index) =>
    texts[index] === undefined ? [] : [{ path, text: texts[index] }],
  );
  const [first, second] = files;
  return first && { ...first, folder, shadowed: second?.path };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readIfExists(path);
  } catch (cause) {
    if (hasErrno(cause, "EISDIR")) return undefined;
    throw new BothyError("CONFIG_INVALID", `cannot read "${path}": ${messageOf(cause)}`, { cause });
  }
}

function missing(folder: string): BothyError {
  return new BothyError("CONFIG_MISSING", `no ${FILE_NAMES[0]} in "${folder}" or in a folder above it`, {
    hints: ["`bothy init` writes one here", "`--cwd DIR` names the folder of a project"],
  });
}
