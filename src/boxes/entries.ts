import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { BothyError, hasErrno, messageOf } from "../errors.ts";
import { type Layout, readIfExists } from "../system/index.ts";
import { BOX_VERSION, type Box, boxSchema } from "./box.ts";

/** One line of the list of boxes; a damaged one is shown and harms no other. */
export type BoxEntry =
  | { readonly name: string; readonly state: "ok"; readonly box: Box }
  | { readonly name: string; readonly state: "broken"; readonly reason: string };

/** Every box in the store, by name. */
export async function listBoxes(layout: Layout): Promise<BoxEntry[]> {
  const names = await boxNames(layout);
  const entries = await Promise.all(names.map((name) => entryOf(layout, name)));
  return entries.filter((entry) => entry !== undefined);
}

/** The names of all boxes in the store, whether they can be read or not, and whatever somebody called their files. */
export async function boxNames(layout: Layout): Promise<string[]> {
  const folder = layout.boxes();
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith(".json") && !entry.name.startsWith("."))
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).slice(0, -".json".length))
      .sort();
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return [];
    throw error;
  }
}

/**
 * The box in the file of that name, or `undefined`. It has the name of its file, wherever that was copied from.
 * @throws BothyError `STATE_INVALID` when it is damaged or of a newer bothy.
 */
export async function readBox(layout: Layout, name: string): Promise<Box | undefined> {
  const path = layout.box(name);
  const text = await readIfExists(path).catch((error: unknown) => {
    if (hasErrno(error, "ENOTDIR")) return undefined;
    throw damagedMetadata(name, path, messageOf(error), error);
  });
  return text === undefined ? undefined : { ...parseBox(name, text, path), name };
}

async function entryOf(layout: Layout, name: string): Promise<BoxEntry | undefined> {
  try {
    const box = await readBox(layout, name);
    return box && { name, state: "ok", box }; // another process may have removed it meanwhile
  } catch (error) {
    return { name, state: "broken", reason: messageOf(error) };
  }
}

function parseBox(name: string, text: string, path: string): Box {
  const value = parseJson(name, text, path);
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version === "number" && version > BOX_VERSION) {
    throw new BothyError("STATE_INVALID", `${path} was written by a newer bothy (format ${version})`, {
      hints: ["use that bothy", ...waysOn(name)],
    });
  }
  const result = boxSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw damagedMetadata(name, path, `${issue?.path.join(".") || "content"}: ${issue?.message}`, result.error);
}

function parseJson(name: string, text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damagedMetadata(name, path, messageOf(error), error);
  }
}

function damagedMetadata(name: string, path: string, reason: string, cause: unknown): BothyError {
  return new BothyError("STATE_INVALID", `${path} is damaged: ${reason}`, { hints: waysOn(name), cause });
}

function waysOn(name: string): string[] {
  return [
    `make the box again: \`bothy box build --force ${name}\`, or \`bothy box add\` for what is no recipe`,
    `or do without it: \`bothy box remove ${name}\``,
  ];
}
