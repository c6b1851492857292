import { stat } from "node:fs/promises";
import { join } from "node:path";
import { BothyError } from "../errors.ts";
import { type Layout, lock } from "../system/index.ts";
import { type Box, describeBox } from "./box.ts";
import { makeDebianTree, type TreeRequest } from "./debian.ts";
import { explainBuildFailure } from "./failure.ts";
import { packTree } from "./image.ts";
import { type Inputs, readInputs } from "./inputs.ts";
import { admitLayer } from "./layers.ts";
import { normaliseBoxName } from "./name.ts";
import { findRecipe, type Recipe } from "./recipe.ts";
import { lockBoxes, saveBox, unknownBox } from "./store.ts";
import { findWhole } from "./whole.ts";
import { workspace } from "./workspace.ts";

/** How a box is built; everything has a default. */
export interface BuildOptions {
  /** Builds even when nothing has changed. */
  readonly force?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Says what is being done, one line for a person. */
  readonly report?: ((line: string) => void) | undefined;
  /** What finds the inputs and makes the tree; tests put in their own. */
  readonly maker?: TreeMaker | undefined;
}

/** The part of a build that knows the distribution. */
export interface TreeMaker {
  readInputs(recipe: Recipe, folder: string, signal?: AbortSignal): Promise<Inputs>;
  /** Returns the seconds since 1970 that no file of the box is newer than. */
  makeTree(request: TreeRequest): Promise<number>;
}

/** What came of a build. */
export interface BuildResult {
  readonly box: Box;
  /** False when the box in the store is what a build would give. */
  readonly built: boolean;
}

const DEBIAN: TreeMaker = { readInputs, makeTree: makeDebianTree };

/**
 * Builds the box of a recipe and puts it under its name; the one before serves until then.
 * Does nothing when no input has changed. All or nothing: an error, an abort or a SIGKILL leaves the store as it
 * was (of a SIGKILL, the next build removes the temporary folder). Several processes may ask for the same box:
 * one builds, the others wait and find it.
 * @throws BothyError `BOX_UNKNOWN`, `NOT_ROOT`, `TOOL_MISSING`, `DISK_FULL`, `INTERRUPTED`, `BOX_BUILD_FAILED`.
 */
export async function buildBox(
  layout: Layout,
  name: string,
  options: BuildOptions = {},
): Promise<BuildResult> {
  const key = normaliseBoxName(name);
  const recipe = await findRecipe(key);
  if (!recipe) throw await unknownBox(layout, key);
  requireRoot(key);
  await using _held = await lock(layout.lock(`box-${key}`), {
    signal: options.signal,
    onWait: (holder) =>
      options.report?.(
        `waiting for ${holder ? `process ${holder.pid}` : "another process"}, which builds the same box`,
      ),
  });
  try {
    return await buildLocked(layout, key, recipe, options);
  } catch (error) {
    throw await explainBuildFailure(error, key, layout, options.signal);
  }
}

async function buildLocked(
  layout: Layout,
  name: string,
  recipe: Recipe,
  options: BuildOptions,
): Promise<BuildResult> {
  const { maker = DEBIAN, signal, report } = options;
  await using scratch = await workspace(layout, `box-${name.replaceAll("/", "-")}`);
  report?.("asking the mirror what is new");
  const inputs = await maker.readInputs(recipe, scratch.folder, signal);
  const present = options.force ? undefined : await findCurrent(layout, name, inputs);
  if (present) return { box: present, built: false };
  const tree = join(scratch.folder, "tree");
  const epoch = await maker.makeTree({ recipe, inputs, tree, scratch: scratch.folder, signal, report });
  report?.("packing the layer");
  const image = join(scratch.folder, "layer.erofs");
  const digest = await packTree(tree, image, { epoch, signal });
  return { box: await store(layout, name, recipe, inputs, image, digest, signal), built: true };
}

/** The box in the store, when it is whole and made from these inputs. */
async function findCurrent(layout: Layout, name: string, inputs: Inputs): Promise<Box | undefined> {
  const box = await findWhole(layout, name);
  return box?.source && "recipe" in box.source && box.source.inputs === inputs.key ? box : undefined;
}

async function store(
  layout: Layout,
  name: string,
  recipe: Recipe,
  inputs: Inputs,
  image: string,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<Box> {
  const layer = { digest, sizeBytes: (await stat(image)).size };
  const { init, user, environment, labels } = recipe;
  const content = { layers: [layer], init, user, environment, labels };
  const box = describeBox(name, content, { source: { recipe: name, inputs: inputs.key } });
  await using _held = await lockBoxes(layout, signal);
  await admitLayer(layout, image, layer);
  await saveBox(layout, box);
  return box;
}

function requireRoot(name: string): void {
  if (process.getuid?.() === 0) return;
  throw new BothyError("NOT_ROOT", "building a box needs root", { hints: [`sudo bothy box build ${name}`] });
}
