/** Boxes made of what a machine wrote. */
export { leaseLayers } from "../lease.ts";
export { copyDisk, type DiskCopy } from "./copy.ts";
export { keepBox, type Making, type NewBox, refuseHigh, refuseTaken } from "./keep.ts";
export { type Snapshot, snapshotLayer, type Volume } from "./snapshot.ts";
export { resolveIn, type Tree } from "./tree.ts";
