/** File systems mounted for one purpose, where nobody else sees them. */
export { layerFolder, layerSteps, lowersOf, MERGED } from "./layers.ts";
export { type Mounted, type MountedOptions, mounted } from "./mounted.ts";
