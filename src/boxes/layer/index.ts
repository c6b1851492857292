/** Layers: tars become EROFS files, and what layers hold is looked up. The only door of this folder. */
export { importTar, importTree } from "./import.ts";
export { findLayer, removeIndexEntries } from "./known.ts";
export { findInit, lookUp, readText } from "./look-up.ts";
export type { Below, Found, LayerOptions, TarInput } from "./types.ts";
