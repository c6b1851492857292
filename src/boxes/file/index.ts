/** Boxes made of files and URLs: Vagrant boxes, catalogs, disks, tarballs. The only door of this folder. */
export { type AddFileOptions, addFile } from "./add.ts";
export { type FileKind, fileKind } from "./kind.ts";
