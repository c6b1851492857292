import type { LayerFile } from "../layers.ts";

/** Where the layers' merged content is mounted. */
export const MERGED = "merged";

/** The mount point of a layer, 0 for the bottom one: short, for all of them have to fit into a page of options. */
export function layerFolder(index: number): string {
  return String(index);
}

/**
 * The mounted layers as overlayfs's `lowerdir` has them, top first. One that an image has twice is there once, for the
 * kernel refuses it: the upper one has all that the lower one could add.
 */
export function lowersOf(layers: readonly LayerFile[]): string {
  const topFirst = layers.map(({ digest }, index) => ({ digest, index })).reverse();
  const once = topFirst.filter(
    ({ digest }, at) => topFirst.findIndex((other) => other.digest === digest) === at,
  );
  return once.map(({ index }) => layerFolder(index)).join(":");
}

/** Below all layers, for overlayfs wants two. */
const NOTHING = "none";

/**
 * Mounts each layer (bottom first) in a folder named by its number, and all of them merged, read-only, in `merged`.
 * Options are those that machines are mounted with.
 */
export function layerSteps(layers: readonly LayerFile[]): string[][] {
  const folders = layers.map((_, index) => layerFolder(index));
  const mounts = layers.map((layer, index) => {
    return ["mount", "-t", "erofs", "-o", "ro,loop", "--", layer.path, layerFolder(index)];
  });
  const options = `ro,lowerdir=${lowersOf(layers)}:${NOTHING},userxattr,xino=off`;
  return [
    ["mkdir", NOTHING, MERGED, ...folders],
    ...mounts,
    ["mount", "-t", "overlay", "-o", options, "overlay", MERGED],
  ];
}
