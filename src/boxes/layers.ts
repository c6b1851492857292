import { chmod, rename, utimes } from "node:fs/promises";
import { BothyError } from "../errors.ts";
import { ensureFolder, type Layout, statIfExists } from "../system/index.ts";
import type { Box, BoxLayer } from "./box.ts";
import { digestOfFile } from "./digest.ts";
import { listRecipes } from "./recipe.ts";

/** A layer ready for use. */
export interface LayerFile {
  readonly digest: string;
  readonly path: string;
}

/**
 * Every layer in the store has this mtime. A write changes it, so that one lstat tells at each start whether
 * the bytes have to be read again; nothing has to be remembered, and a copied store heals itself.
 */
const SEALED = new Date(0);

/**
 * The files of a box's layers, bottom first, after a check that they are what they were: size and seal, and
 * every byte where the seal is broken.
 * @throws BothyError `LAYER_DAMAGED` naming the file and how to get it back.
 */
export async function resolveLayers(layout: Layout, box: Pick<Box, "name" | "layers">): Promise<LayerFile[]> {
  return Promise.all(
    box.layers.map(async (layer) => {
      const problem = await checkLayer(layout, layer);
      if (problem) throw await damaged(box, problem);
      return { digest: layer.digest, path: layout.layer(layer.digest) };
    }),
  );
}

/** Reads every byte of a box's layers; returns what is wrong in words, nothing when all is well. */
export async function verifyBox(
  layout: Layout,
  box: Pick<Box, "layers">,
  signal?: AbortSignal,
): Promise<string[]> {
  const problems: string[] = [];
  for (const layer of box.layers) {
    const problem = (await checkSize(layout, layer)) ?? (await checkBytes(layout, layer, signal));
    if (problem) problems.push(problem);
  }
  return problems;
}

/** Moves a packed image into the store, where it is named by its digest. A sound one that is there stays. */
export async function admitLayer(layout: Layout, image: string, layer: BoxLayer): Promise<void> {
  await ensureFolder(layout.layers());
  if ((await checkLayer(layout, layer)) === undefined) return;
  await chmod(image, 0o444);
  await utimes(image, SEALED, SEALED);
  await rename(image, layout.layer(layer.digest));
}

/** Whether a layer is in the store and what it was; reads every byte only where its seal is broken. */
export async function isSound(layout: Layout, layer: BoxLayer): Promise<boolean> {
  return (await checkLayer(layout, layer)) === undefined;
}

async function checkLayer(layout: Layout, layer: BoxLayer): Promise<string | undefined> {
  const problem = await checkSize(layout, layer);
  if (problem) return problem;
  const path = layout.layer(layer.digest);
  const stat = await statIfExists(path);
  if (stat?.mtimeMs === SEALED.getTime()) return undefined;
  const changed = await checkBytes(layout, layer);
  if (!changed) await utimes(path, SEALED, SEALED);
  return changed;
}

async function checkSize(layout: Layout, layer: BoxLayer): Promise<string | undefined> {
  const path = layout.layer(layer.digest);
  const stat = await statIfExists(path);
  if (!stat?.isFile()) return `${path} is missing`;
  if (stat.size === layer.sizeBytes) return undefined;
  return `${path} has ${stat.size} bytes instead of ${layer.sizeBytes}`;
}

async function checkBytes(
  layout: Layout,
  layer: BoxLayer,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const path = layout.layer(layer.digest);
  const digest = await digestOfFile(path, signal);
  return digest === layer.digest ? undefined : `the content of ${path} has changed`;
}

async function damaged(box: Pick<Box, "name" | "layers">, problem: string): Promise<BothyError> {
  const recipes = await listRecipes();
  return new BothyError("LAYER_DAMAGED", `a layer of the box \`${box.name}\` is damaged: ${problem}`, {
    hints: [
      `bothy box verify --repair ${box.name}`,
      ...(recipes.includes(box.name)
        ? [
            `bothy box build --force ${box.name}`,
            "does that give another layer, the mirror has moved on: restore the file, or make the machine anew",
          ]
        : ["restore the file, or make the machine anew"]),
    ],
  });
}
