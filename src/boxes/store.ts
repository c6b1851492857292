import { dirname } from "node:path";
import { BothyError } from "../errors.ts";
import { ensureFolder, type Layout, lock, writeJson } from "../system/index.ts";
import { type Box, boxSchema } from "./box.ts";
import { boxNames, readBox } from "./entries.ts";
import { boxNameOfImage, normaliseBoxName } from "./name.ts";
import { listRecipes } from "./recipe.ts";
import { closest } from "./suggest.ts";

/** How many boxes an error lists. */
const MANY = 12;

/**
 * The box that a person means, or `undefined`: the one of exactly that name, else the one of that image
 * (`nginx:1.27` is `docker.io/library/nginx/1.27`).
 * @throws BothyError `STATE_INVALID` when its metadata is damaged or of a newer bothy, `USAGE` for what can be no name.
 */
export async function findBox(layout: Layout, name: string): Promise<Box | undefined> {
  const key = await findBoxName(layout, name);
  return key === undefined ? undefined : readBox(layout, key);
}

/** The box that a person means. @throws BothyError `BOX_UNKNOWN` with the way to get it, or as `findBox`. */
export async function getBox(layout: Layout, name: string): Promise<Box> {
  return (await findBox(layout, name)) ?? Promise.reject(await unknownBox(layout, name));
}

/**
 * As `findBox`, but the name only, also that of a damaged box. A recipe's name is never taken for an image's.
 * @throws BothyError `USAGE` for what can be no name.
 */
export async function findBoxName(layout: Layout, name: string): Promise<string | undefined> {
  const names = await boxNames(layout);
  if (names.includes(name)) return name; // however odd
  const key = tryNormalise(name);
  if (key !== undefined && names.includes(key)) return key;
  if (key !== undefined && (await listRecipes()).includes(key)) return undefined;
  const image = await imageName(name);
  if (key === undefined && image === undefined) normaliseBoxName(name); // says what is wrong with it
  return image !== undefined && names.includes(image) ? image : undefined;
}

/** Puts a box under its name; readers see the one before or this one. The caller holds `lockBoxes`. */
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
  const key = tryNormalise(name);
  if (key !== undefined && (await listRecipes()).includes(key)) return true;
  return (await findBoxName(layout, name).catch(() => undefined)) !== undefined;
}

/** Does nothing when there is a recipe of that name. @throws BothyError `BOX_UNKNOWN` with the way on. */
export async function requireRecipe(layout: Layout, name: string): Promise<void> {
  const key = normaliseBoxName(name);
  if (!(await listRecipes()).includes(key)) throw await unknownBox(layout, name);
}

/** The error for a name, as it was typed, that is neither in the store nor a recipe's, or that waits to be built. */
export async function unknownBox(layout: Layout, name: string): Promise<BothyError> {
  const recipes = await listRecipes();
  const key = tryNormalise(name) ?? name;
  if (recipes.includes(key)) {
    return new BothyError("BOX_UNKNOWN", `the box \`${key}\` has not been built yet`, {
      hints: [`bothy box build ${key}`],
    });
  }
  const known = [...new Set([...recipes, ...(await boxNames(layout))])].sort();
  const meant = closest(key, known);
  return new BothyError("BOX_UNKNOWN", `there is no box \`${key}\` and no recipe for it`, {
    hints: [
      ...(meant ? [`did you mean \`${meant}\`?`] : []),
      ...((await imageName(name)) ? [`\`bothy box add ${name}\` if it is an image of a registry`] : []),
      known.length > MANY ? "`bothy box list` shows all that are known" : `known are: ${known.join(", ")}`,
    ],
  });
}

/** The name that the box of an image would have, for what can be a reference to one. */
async function imageName(text: string): Promise<string | undefined> {
  const { parseReference } = await import("./registry/index.ts"); // a client that most commands do without
  try {
    return boxNameOfImage(parseReference(text));
  } catch (error) {
    if (error instanceof BothyError) return undefined;
    throw error;
  }
}

function tryNormalise(name: string): string | undefined {
  try {
    return normaliseBoxName(name);
  } catch {
    return undefined;
  }
}
