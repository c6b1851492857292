/** Boxes: the store of layers, recipes and how they are built. The only door of this folder. */
export type { Box, BoxContent, BoxLayer } from "./box.ts";
export { type BuildOptions, type BuildResult, buildBox, type TreeMaker } from "./build.ts";
export { type PackOptions, packTree } from "./image.ts";
export { buildKernel, findKernel, type Kernel } from "./kernel.ts";
export { type LayerFile, resolveLayers, verifyBox } from "./layers.ts";
export { normaliseBoxName } from "./name.ts";
export { listRecipes } from "./recipe.ts";
export { type InUse, type Removed, removeBox, removeUnusedLayers } from "./remove.ts";
export { type BoxEntry, findBox, getBox, isKnownBox, listBoxes, lockBoxes, requireRecipe } from "./store.ts";
export { type OldArtefact, removeOldArtefacts, removeWorkspaces } from "./sweep.ts";
export { buildTools, findTools, type Tools } from "./tools.ts";
