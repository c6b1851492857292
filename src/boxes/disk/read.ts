import { join } from "node:path";
import { ensureFolder, type Layout, lock } from "../../system/index.ts";
import type { BoxLayer } from "../box.ts";
import { importTree } from "../layer/index.ts";
import { type DiskFile, keepDisk, toRaw, type WholeDisk } from "./convert.ts";
import { mergePartitions } from "./merge.ts";
import { type MountSpace, openMounts } from "./mounts.ts";
import { type DiskMap, describePartition, mapDisk, type Partition } from "./partitions.ts";
import { findRoot } from "./root.ts";

/** What is read, and with what. */
export interface DiskRequest {
  /** The disks of one system; the first is what it boots from. */
  readonly disks: readonly DiskFile[];
  /** For people: the file's name. */
  readonly title: string;
  /** A folder for copies, on the store's file system; made when it is not there. */
  readonly scratch: string;
  readonly signal?: AbortSignal | undefined;
  readonly report?: ((line: string) => void) | undefined;
}

/** What became of the disks: a layer with the tree of the system, or why there is none and how it would boot. */
export type DiskContent =
  | { readonly layer: BoxLayer }
  | { readonly reason: string; readonly firmware: WholeDisk["firmware"] };

/**
 * Finds the Linux system on disks and packs its tree as one layer: MBR and GPT or no table, ext2 to ext4, xfs and btrfs,
 * with what its fstab has on partitions of their own. Everything is read from copies; nothing stays mounted.
 * @throws BothyError `BOX_INVALID` for damaged images, `DISK_FULL`, `INTERRUPTED`, `TOOL_MISSING`, `NOT_ROOT`.
 */
export async function readDisks(layout: Layout, request: DiskRequest): Promise<DiskContent> {
  const { disks, title, scratch, signal, report } = request;
  await ensureFolder(scratch, 0o700);
  const maps: DiskMap[] = [];
  for (const [index, disk] of disks.entries()) {
    const raw = join(scratch, `disk${index}.raw`);
    report?.(disks.length > 1 ? `reading disk ${index + 1} of ${disks.length}` : "reading the disk");
    await toRaw(disk, raw, title, signal);
    maps.push(await mapDisk(raw, index, disk.virtualBytes, signal));
  }
  const partitions = maps.flatMap((map) => map.partitions);
  const firmware = maps[0]?.firmware ?? "bios";
  // many kernels do not mount two btrfs of the same id at once, as two copies of a disk are
  const isBtrfs = partitions.some(({ type }) => type === "btrfs");
  await using _alone = isBtrfs ? await lock(layout.lock("btrfs"), { signal }) : undefined;
  await using space = await openMounts(layout, signal);
  const found = await assemble(space, partitions, report ?? (() => {}));
  if ("reason" in found) return { reason: found.reason, firmware };
  report?.("packing the layer");
  return { layer: await importTree(layout, found.place, { enter: space.enter, signal }) };
}

/**
 * Keeps a disk as it is, for a box that only boots as a VM.
 * @throws BothyError `DISK_FULL`, `INTERRUPTED`, `BOX_INVALID`.
 */
export async function keepWhole(
  layout: Layout,
  { disks, title, scratch, signal, report }: DiskRequest,
  content: Extract<DiskContent, { reason: string }>,
): Promise<WholeDisk> {
  const [disk] = disks;
  if (!disk) throw new Error("keepWhole: no disk");
  report?.(`keeping the disk as it is: ${content.reason}`);
  const kept = await keepDisk(layout, disk, join(scratch, "whole.qcow2"), title, signal);
  return { ...kept, firmware: content.firmware, reason: content.reason };
}

async function assemble(
  space: MountSpace,
  partitions: readonly Partition[],
  report: (line: string) => void,
): Promise<{ place: string } | { reason: string }> {
  const refused: string[] = [];
  const root = await findRoot(space, partitions, refused);
  if (!root) {
    const seen = partitions.map(describePartition).join(", ");
    return { reason: `no Linux system that bothy can read: ${[seen, ...refused].join("; ")}` };
  }
  const why = await mergePartitions(space, root, partitions, report);
  return why === undefined ? { place: root.place } : { reason: why };
}
