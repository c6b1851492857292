import type { Dirent } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { BothyError, hasErrno, messageOf } from "../../errors.ts";
import { canonical } from "../box.ts";
import { digestOfFile, digestOfText } from "../digest.ts";
import type { IgnoreRules } from "./ignore.ts";

/** So many files are read side by side. */
const READERS = 8;

/** What a build can see of one file. */
type Entry = readonly [path: string, type: string, mode: number, content: string];

/**
 * A digest of everything that a build gets from its context: names, types, permissions, contents and where symbolic
 * links point to. Times and owners are not in it, because COPY does not take them over; sockets are not copied.
 * @throws BothyError `DOCKERFILE_FAILED` naming a file that cannot be read, `INTERRUPTED`.
 */
export async function digestContext(
  context: string,
  rules: IgnoreRules,
  signal?: AbortSignal,
): Promise<string> {
  const paths = await listContext(context, rules);
  const entries: Entry[] = new Array(paths.length);
  let next = 0;
  const read = async () => {
    while (next < paths.length) {
      if (signal?.aborted) throw new BothyError("INTERRUPTED", `reading ${context} was interrupted`);
      const index = next++;
      entries[index] = await describe(context, paths[index] ?? "", signal);
    }
  };
  await Promise.all(Array.from({ length: READERS }, read));
  return digestOfText(canonical(entries));
}

/** The paths that a build sees, relative to the context, sorted. */
export async function listContext(context: string, rules: IgnoreRules): Promise<string[]> {
  const found: string[] = [];
  await walk(context, "", rules, found);
  return found.sort();
}

async function walk(context: string, folder: string, rules: IgnoreRules, found: string[]): Promise<void> {
  for (const entry of await entriesOf(join(context, folder))) {
    const path = folder ? `${folder}/${entry.name}` : entry.name;
    const ignored = rules.ignores(path);
    if (!ignored && !entry.isSocket()) found.push(path);
    if (entry.isDirectory() && (!ignored || rules.hasExceptions)) await walk(context, path, rules, found);
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(folder, error);
  });
}

async function describe(context: string, path: string, signal: AbortSignal | undefined): Promise<Entry> {
  const file = join(context, path);
  try {
    const stats = await lstat(file);
    const mode = stats.mode & 0o7777;
    if (stats.isSymbolicLink()) return [path, "link", 0, await readlink(file)];
    if (stats.isDirectory()) return [path, "folder", mode, ""];
    if (stats.isFile()) return [path, "file", mode, await digestOfFile(file, signal)];
    return [path, "special", mode, `${stats.mode}:${stats.rdev}`];
  } catch (error) {
    if (signal?.aborted) throw new BothyError("INTERRUPTED", `reading ${context} was interrupted`);
    throw unreadable(file, error);
  }
}

function unreadable(path: string, cause: unknown): BothyError {
  const why = hasErrno(cause, "EACCES", "EPERM") ? "permission denied" : messageOf(cause);
  return new BothyError("DOCKERFILE_FAILED", `cannot read ${path} of the build context: ${why}`, {
    hints: ["a file that the build does not need can be left out: add it to `.dockerignore`"],
    cause,
  });
}
