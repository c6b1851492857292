import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { access, lstat, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { BothyError, hasErrno } from "../errors.ts";

/**
 * Replaces a file in one step: temporary file beside it, fsync, rename, fsync of the folder.
 * A reader sees the old content or the new, never a part; a crash leaves one of them.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString("hex")}.tmp`);
  try {
    await writeSynced(temporary, content, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw diskFull(error, path);
  }
  await syncFolder(dirname(path));
}

/** Replaces a JSON file in one step; see `writeFileAtomic`. */
export async function writeJson(path: string, value: unknown, mode?: number): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`, mode);
}

/** The file's text, or `undefined` when there is no such file. */
export async function readIfExists(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/** The names in a folder, in no order; none where there is no folder. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

/** What `lstat` says, or `undefined` when there is nothing at the path. */
export async function statIfExists(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/** Whether the file is there and may be executed. */
export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Makes a folder and its parents; no error when it is there. */
export async function ensureFolder(path: string, mode = 0o755): Promise<void> {
  await mkdir(path, { recursive: true, mode });
}

/**
 * Deletes a tree. Refuses a path that is not strictly inside `within`, so that a wrong variable
 * can never delete more than our own files. Nothing there is no error.
 */
export async function removeTree(path: string, options: { within: string }): Promise<void> {
  const target = resolve(path);
  if (!target.startsWith(resolve(options.within) + sep)) {
    throw new Error(`removeTree: ${target} is not inside ${options.within}`);
  }
  await rm(target, { recursive: true, force: true });
}

/** Turns "no space left" into our error and leaves every other as it is. */
export function diskFull(error: unknown, path: string): unknown {
  if (!hasErrno(error, "ENOSPC", "EDQUOT")) return error;
  return new BothyError("DISK_FULL", `no space left while writing ${path}`, {
    hints: [`df -h ${dirname(path)}`, "`bothy gc` and `bothy box remove NAME` free space"],
    cause: error,
  });
}

async function writeSynced(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r");
  await handle.sync().finally(() => handle.close());
}
