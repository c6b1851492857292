import { type Layout, lock } from "../system/index.ts";
import type { TreeMaker } from "./build.ts";
import { readInputs } from "./inputs.ts";
import { findRecipe } from "./recipe.ts";
import { workspace } from "./workspace.ts";

/**
 * What building a recipe would use now, as its boxes remember it; `undefined` when there is no such recipe. Takes as
 * long as the mirror takes to answer, and waits for a build of the same box.
 * @throws BothyError `BOX_BUILD_FAILED` when the mirror does not answer.
 */
export async function recipeInputs(
  layout: Layout,
  name: string,
  options: { signal?: AbortSignal | undefined; maker?: Pick<TreeMaker, "readInputs"> } = {},
): Promise<string | undefined> {
  const { signal, maker = { readInputs } } = options;
  const recipe = await findRecipe(name);
  if (!recipe) return undefined;
  await using _held = await lock(layout.lock(`box-${name}`), { signal });
  await using scratch = await workspace(layout, `box-${name.replaceAll("/", "-")}`);
  return (await maker.readInputs(recipe, scratch.folder, signal)).key;
}
