/** Boxes: the store of layers, recipes and how they are built. The only door of this folder. */
export { type PackOptions, packTree } from "./image.ts";
