import { readdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { BothyError, hasErrno, messageOf } from "../errors.ts";
import { ensureFolder, type Layout, lock, readIfExists, writeJson } from "../system/index.ts";
import { BOX_VERSION, type Box, boxSchema } from "./box.ts";
import { normaliseBoxName } from "./name.ts";
import { listRecipes } from "./recipe.ts";
import { closest } from "./suggest.ts";

/** One line of the list of boxes; a damaged one is shown and harms no other. */
export type BoxEntry =
  | { readonly name: string; readonly state: "ok"; readonly box: Box }
  | { readonly name: string; readonly state: "broken"; readonly reason: string };

/** Every box in the store, by name. */
export async function listBoxes(layout: Layout): Promise<BoxEntry[]> {
  const names = await namesIn(layout.boxes());
  return Promise.all(names.map((name) => entryOf(layout, name)));
}

/**
 * The box of that name, or `undefined`.
 * @throws BothyError `STATE_INVALID` when its metadata is damaged or of a newer bothy.
 */
export async function findBox(layout: Layout, name: string): Promise<Box | undefined> {
  const path = layout.box(normaliseBoxName(name));
  const text = await readIfExists(path);
  return text === undefined ? undefined : parseBox(text, path);
}

/** The box of that name. @throws BothyError `BOX_UNKNOWN` with the way to get it, or as `findBox`. */
export async function getBox(layout: Layout, name: string): Promise<Box> {
  return (await findBox(layout, name)) ?? Promise.reject(await unknownBox(layout, normaliseBoxName(name)));
}

/** Puts a box under its name; readers see the one before or this one. */
export async function saveBox(layout: Layout, box: Box): Promise<void> {
  const path = layout.box(box.name);
  await ensureFolder(dirname(path));
  await writeJson(path, boxSchema.parse(box));
}

/**
 * Keeps layers and names as they are until disposed. Held for the moment in which a box is put in or taken out;
 * a machine that is being created holds it from looking up its box until its state names the box.
 */
export function lockBoxes(layout: Layout, signal?: AbortSignal): Promise<AsyncDisposable> {
  return lock(layout.lock("boxes"), { signal });
}

/** Whether a box of that name is in the store or can be built; a damaged one counts, an impossible name does not. */
export async function isKnownBox(layout: Layout, name: string): Promise<boolean> {
  const isBuilt = await findBox(layout, name).catch((error: BothyError) => error.code === "STATE_INVALID");
  return (
    Boolean(isBuilt) ||
    (await requireRecipe(layout, name).then(
      () => true,
      () => false,
    ))
  );
}

/** Does nothing when there is a recipe of that name. @throws BothyError `BOX_UNKNOWN` with the way on. */
export async function requireRecipe(layout: Layout, name: string): Promise<void> {
  const key = normaliseBoxName(name);
  if (!(await listRecipes()).includes(key)) throw await unknownBox(layout, key);
}

/** The error for a name that is neither in the store nor a recipe's, or that waits to be built. */
export async function unknownBox(layout: Layout, name: string): Promise<BothyError> {
  const recipes = await listRecipes();
  if (recipes.includes(name)) {
    return new BothyError("BOX_UNKNOWN", `the box \`${name}\` has not been built yet`, {
      hints: [`bothy box build ${name}`],
    });
  }
  const known = [...new Set([...recipes, ...(await namesIn(layout.boxes()))])].sort();
  const meant = closest(name, known);
  return new BothyError("BOX_UNKNOWN", `there is no box \`${name}\` and no recipe for it`, {
    hints: [...(meant ? [`did you mean \`${meant}\`?`] : []), `known are: ${known.join(", ")}`],
  });
}

async function entryOf(layout: Layout, name: string): Promise<BoxEntry> {
  try {
    const path = layout.box(name);
    return { name, state: "ok", box: parseBox((await readIfExists(path)) ?? "", path) };
  } catch (error) {
    return { name, state: "broken", reason: messageOf(error) };
  }
}

function parseBox(text: string, path: string): Box {
  const value = parseJson(text, path);
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version === "number" && version > BOX_VERSION) {
    throw new BothyError("STATE_INVALID", `${path} was written by a newer bothy (format ${version})`, {
      hints: ["use that bothy, or build the box again: `bothy box build --force NAME`"],
    });
  }
  const result = boxSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw damagedMetadata(path, `${issue?.path.join(".") || "content"}: ${issue?.message}`, result.error);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damagedMetadata(path, messageOf(error), error);
  }
}

function damagedMetadata(path: string, reason: string, cause: unknown): BothyError {
  return new BothyError("STATE_INVALID", `${path} is damaged: ${reason}`, {
    hints: ["build the box again: `bothy box build --force NAME`", `or remove the file: rm ${path}`],
    cause,
  });
}

async function namesIn(folder: string): Promise<string[]> {
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
