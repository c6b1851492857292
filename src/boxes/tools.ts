import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Layout } from "../system/index.ts";
import { type ArtefactKind, type BuildContext, buildArtefact, findArtefact } from "./artefact.ts";
import { bindLibraries, placeProgram, replaceString } from "./artefact-programs.ts";
import { readRecipe, readScripts, recipeKey, type ToolsRecipe, toolsRecipe } from "./artefact-recipe.ts";
import { digestOfText } from "./digest.ts";
import { packTree } from "./image.ts";
import { aptState, type Package, resolvePackages, unpackPackages } from "./packages.ts";

/** The guest side as a layer: what a machine finds at /.bothy. */
export interface Tools {
  readonly digest: string;
  readonly path: string;
}

/** Raise it when the same recipe and packages give another result. */
const FORMAT = 1;
const IMAGE = "tools.erofs";
/** Newer mtimes become this one, so that a checkout's or a build's time does not show. */
const EPOCH = Date.UTC(2020, 0, 1) / 1000;

const KIND: ArtefactKind = {
  name: "tools",
  files: [IMAGE],
  recipeKey: () => recipeKey("tools"),
  quickKey: async () => digestOfText(JSON.stringify([FORMAT, await recipeKey("tools"), await aptState()])),
  inputs: async ({ signal }) => {
    const recipe = await readRecipe(toolsRecipe, "tools");
    const packages = await resolvePackages(recipe.packages, signal);
    const key = digestOfText(JSON.stringify([FORMAT, await recipeKey("tools"), packages]));
    return {
      key,
      make: (folder, scratch, context) => make(recipe, packages, folder, scratch, context),
    };
  },
};

/** The newest tools, or `undefined` before the first build. */
export async function findTools(layout: Layout): Promise<Tools | undefined> {
  const digest = await findArtefact(layout, KIND);
  return digest === undefined ? undefined : toolsOf(layout, digest);
}

/** The tools of today's recipe and packages; built when there are none. See `buildArtefact` for the promises. */
export async function buildTools(layout: Layout, context: BuildContext = {}): Promise<Tools> {
  return toolsOf(layout, await buildArtefact(layout, KIND, context));
}

function toolsOf(layout: Layout, digest: string): Tools {
  return { digest, path: join(layout.artefact("tools", digest), IMAGE) };
}

async function make(
  recipe: ToolsRecipe,
  packages: readonly Package[],
  folder: string,
  scratch: string,
  { signal, report }: BuildContext,
): Promise<string> {
  const unpacked = join(scratch, "packages");
  const tree = join(scratch, "tree");
  await mkdir(unpacked);
  await mkdir(tree, { mode: 0o755 });
  report?.(`fetching ${packages.length} packages for the tools`);
  await unpackPackages(packages, unpacked, signal);
  report?.("packing the tools");
  await placePrograms(recipe, unpacked, tree, signal);
  await placeScripts(tree);
  return packTree(tree, join(folder, IMAGE), { compress: "lz4", epoch: EPOCH, signal });
}

async function placePrograms(
  recipe: ToolsRecipe,
  unpacked: string,
  tree: string,
  signal?: AbortSignal,
): Promise<void> {
  for (const [target, source] of Object.entries(recipe.programs)) {
    await placeProgram(unpacked, source, join(tree, target));
  }
  for (const [target, strings] of Object.entries(recipe.replace)) {
    for (const [old, text] of Object.entries(strings)) await replaceString(join(tree, target), old, text);
  }
  const programs = Object.keys(recipe.programs).map((target) => join(tree, target));
  await bindLibraries(unpacked, programs, join(tree, "lib"), signal);
  for (const [target, to] of Object.entries(recipe.links)) await symlink(to, join(tree, target));
}

/** What has a first line with an interpreter is a program; the rest is read by programs. */
async function placeScripts(tree: string): Promise<void> {
  for (const [path, content] of await readScripts("tools")) {
    const target = join(tree, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
    await chmod(target, content.startsWith("#!") ? 0o755 : 0o644);
  }
}
