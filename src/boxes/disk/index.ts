/** Disks and trees that were made for machines of another kind. The only door of this folder. */
export { type AdoptRequest, adopt } from "./adopt.ts";
export { type DiskFile, inspectDisk, type WholeDisk } from "./convert.ts";
export { type MountSpace, openMounts } from "./mounts.ts";
export { type DiskFormat, isQcow2, readHead } from "./qcow2.ts";
export { type DiskContent, type DiskRequest, keepWhole, readDisks } from "./read.ts";
