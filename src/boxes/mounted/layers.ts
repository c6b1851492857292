import type { LayerFile } from "../layers.ts";

/** Where the layers' merged content is mounted. */
export const MERGED = "merged";

/** The mount point of a layer, 0 for the bottom one: short, for all of them have to fit into a page of options. */
export function layerFolder(index: number): string {
  return String(index);
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
  const lowers = [...folders].reverse().concat(NOTHING).join(":");
  const options = `ro,lowerdir=${lowers},userxattr,xino=off`;
  return [
    ["mkdir", NOTHING, MERGED, ...folders],
    ...mounts,
    ["mount", "-t", "overlay", "-o", options, "overlay", MERGED],
  ];
}
