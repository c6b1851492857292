import { stat } from "node:fs/promises";
import { join } from "node:path";
import { BothyError } from "../../errors.ts";
import { type Layout, run } from "../../system/index.ts";
import type { BoxLayer } from "../box.ts";
import { packTree } from "../image.ts";
import { admitLayer, type LayerFile } from "../layers.ts";
import { layerSteps, lowersOf, MERGED, type Mounted, mounted } from "../mounted/index.ts";
import type { DiskCopy } from "./copy.ts";
import { forgetIdentity } from "./identity.ts";
import { stripMarks } from "./overlay-marks.ts";
import { statIn } from "./tree.ts";
import { DISK, foldVolumes, ROOT, type Volume } from "./volumes.ts";

export type { Volume };

/** What a layer is made from. */
export interface Snapshot {
  /** A copy of the data disk; it is changed. */
  readonly copy: DiskCopy;
  /** The layers that the machine stands on, bottom first. */
  readonly layers: readonly LayerFile[];
  readonly volumes: readonly Volume[];
  readonly signal?: AbortSignal | undefined;
  readonly report?: ((line: string) => void) | undefined;
}

/** As the machine's root is mounted (docs/guest.md). */
const OVERLAY = "userxattr,index=off,metacopy=off,redirect_dir=nofollow,xino=off,nfs_export=off";

/**
 * Makes a layer of what a machine wrote and puts it into the store: its `upper/` with the volumes in their places and
 * without what belongs to that machine alone. The caller holds `leaseLayers`.
 * @throws BothyError `DISK_DAMAGED`, `EXPORT_FAILED`, `DISK_FULL`, `TOOL_MISSING`, `INTERRUPTED`.
 */
export async function snapshotLayer(layout: Layout, snapshot: Snapshot): Promise<BoxLayer> {
  const { copy, signal, report } = snapshot;
  const image = join(copy.folder, "layer.erofs");
  report?.("reading what it wrote");
  await check(copy.file, signal);
  const digest = await packed(layout, snapshot, image);
  const layer = { digest, sizeBytes: (await stat(image)).size };
  await admitLayer(layout, image, layer);
  return layer;
}

/** Replays the journal, which a freeze or a power cut leaves. */
async function check(file: string, signal: AbortSignal | undefined): Promise<void> {
  const { exitCode, stdout } = await run(["e2fsck", "-fp", file], { okCodes: [0, 1, 2, 4, 8, 12], signal });
  if (exitCode === 0 || exitCode === 1) return;
  throw new BothyError("DISK_DAMAGED", `the machine's file system has errors: ${stdout.trim()}`, {
    hints: ["nothing was changed; `bothy up` and `bothy halt` once let the machine's start repair it"],
  });
}

async function packed(layout: Layout, snapshot: Snapshot, image: string): Promise<string> {
  const { copy, layers, volumes, signal, report } = snapshot;
  const disk = ["mount", "-t", "ext4", "-o", "loop,noatime", "--", copy.file, DISK];
  const steps = [["mkdir", DISK, ROOT], disk, ...layerSteps(layers)];
  await using mounts = await mounted(layout, steps, { signal });
  const upper = { folder: join(mounts.folder, DISK, "upper") };
  await requireFolders(mounts);
  await foldVolumes(mounts, overlaySteps(layers), volumes);
  report?.("leaving out what belongs to the machine alone");
  await forgetIdentity(upper, { folder: join(mounts.folder, MERGED) });
  await stripMarks(upper.folder, signal);
  report?.("packing the layer");
  const { enter } = mounts;
  return await packTree(join(mounts.within, DISK, "upper"), image, { enter, signal });
}

/** The machine wrote this file system: a link would lead elsewhere on the host. */
async function requireFolders(mounts: Mounted): Promise<void> {
  const disk = { folder: join(mounts.folder, DISK) };
  const found = await Promise.all(["upper", "work", "volumes"].map((name) => statIn(disk, name)));
  if (found.every((stats) => stats?.isDirectory())) return;
  if (found.every((stats) => stats === undefined)) {
    throw new BothyError("EXPORT_FAILED", "the machine was never started: it has written nothing", {
      hints: ["bothy up"],
    });
  }
  throw new BothyError("DISK_DAMAGED", "`upper`, `work` or `volumes` on the data disk is no real directory");
}

function overlaySteps(layers: readonly LayerFile[]): string[] {
  const options = `lowerdir=${lowersOf(layers)},upperdir=${DISK}/upper,workdir=${DISK}/work,${OVERLAY}`;
  return ["mount", "-t", "overlay", "-o", options, "overlay", ROOT];
}
