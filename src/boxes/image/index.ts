/** Container images become boxes; images that lie on this host are opened. The only door of this folder. */
export { type AddImageOptions, addImage, findAdded } from "./add.ts";
export { contentOfImage, historyOfImage } from "./content.ts";
export { isImageArchive } from "./detect.ts";
export type { ImageProgress } from "./layer-work.ts";
export { type OpenOptions, openArchive, openLayout } from "./open.ts";
