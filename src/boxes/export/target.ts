import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { BothyError } from "../../errors.ts";
import { removeTree, statIfExists } from "../../system/index.ts";

/** Where an export goes, complete or not at all. */
export interface Target extends AsyncDisposable {
  /** What is being written; does not exist yet. */
  readonly fresh: string;
  /** A folder beside it for what is not kept. */
  readonly scratch: string;
  /** Puts what was written in the target's place. */
  commit(): Promise<void>;
}

/**
 * Prepares to write `output`; disposing takes away what was not committed.
 * @throws BothyError `FILE_EXISTS` for a target that is there, unless `force`; a folder that is no OCI layout is never
 * replaced. `EXPORT_FAILED` when there is no folder for it.
 */
export async function openTarget(output: string, options: { force?: boolean | undefined }): Promise<Target> {
  const path = resolve(output);
  await refuse(path, options.force ?? false);
  const within = dirname(path);
  const scratch = join(within, `.${basename(path)}.${randomBytes(4).toString("hex")}.tmp`);
  await mkdir(scratch).catch((cause) => {
    throw new BothyError("EXPORT_FAILED", `cannot write to ${within}: ${cause.message}`, { cause });
  });
  const fresh = join(scratch, "new");
  return {
    fresh,
    scratch,
    commit: async () => {
      await sync(fresh);
      await refuse(path, options.force ?? false);
      if ((await statIfExists(path))?.isDirectory()) await rename(path, join(scratch, "old"));
      await rename(fresh, path);
    },
    [Symbol.asyncDispose]: () => removeTree(scratch, { within }),
  };
}

async function refuse(path: string, force: boolean): Promise<void> {
  const stats = await statIfExists(path);
  if (!stats) return;
  if (!stats.isDirectory()) {
    if (stats.isFile() && force) return;
    throw exists(path, stats.isFile() ? "--force replaces it" : "it is no regular file: take another name");
  }
  const names = await readdir(path);
  if (names.length === 0 || (force && names.includes("oci-layout"))) return;
  const isLayout = names.includes("oci-layout");
  throw exists(
    path,
    isLayout ? "--force replaces it" : "it is a folder with other things: take another name",
  );
}

function exists(path: string, hint: string): BothyError {
  return new BothyError("FILE_EXISTS", `${path} is there already`, { hints: [hint] });
}

async function sync(path: string): Promise<void> {
  const file = await open(path, "r");
  await file.sync().finally(() => file.close());
}
