import { BothyError } from "../../errors.ts";
import { explainFullDisk, type Layout } from "../../system/index.ts";
import type { Box } from "../box.ts";
import { type LayerFile, resolveLayers } from "../layers.ts";
import { type ExportFormat, packingOf } from "./format.ts";
import { writeImage } from "./image.ts";
import { writeRootfs } from "./rootfs.ts";
import { folderSink, tarSink } from "./sink.ts";
import { openTarget, type Target } from "./target.ts";

/** How a box is exported. */
export interface ExportOptions {
  readonly format: ExportFormat;
  /** A path of the host: a file, for `oci` also a folder. */
  readonly output: string;
  /** Replaces what is there. */
  readonly force?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly report?: ((line: string) => void) | undefined;
}

/**
 * Writes a box in a format of others'. The target appears complete or not at all; the same box gives the same bytes,
 * but for Vagrant's disks.
 * The caller sees to it that the box's layers stay.
 * @throws BothyError `EXPORT_FAILED`, `FILE_EXISTS`, `USAGE`, `LAYER_DAMAGED`, `DISK_FULL`, `INTERRUPTED`.
 */
export async function exportBox(layout: Layout, box: Box, options: ExportOptions): Promise<void> {
  if (box.disk) throw wholeDisk(box);
  const layers = await resolveLayers(layout, box);
  const write = writer(layout, box, layers, options);
  await using target = await openTarget(options.output, options);
  try {
    await write(target);
    await target.commit();
  } catch (error) {
    if (options.signal?.aborted) throw new BothyError("INTERRUPTED", "the export was interrupted");
    throw await explainFullDisk(error, target.fresh);
  }
}

type Writer = (target: Target) => Promise<void>;

function writer(
  layout: Layout,
  box: Box,
  layers: readonly LayerFile[],
  { format, output, signal, report }: ExportOptions,
): Writer {
  const packing = packingOf(output);
  if (format === "rootfs") {
    if (!packing) throw noTarball(output);
    return async ({ fresh }) => {
      report?.("writing the root file system");
      await writeRootfs({ layout, layers, packing, signal }, fresh);
    };
  }
  if (format === "vagrant") {
    return async ({ fresh, scratch }) => {
      const { writeVagrantBox } = await import("./vagrant/vagrant.ts");
      await writeVagrantBox({ layout, box, layers, scratch, signal, report }, fresh);
    };
  }
  const isTar = packing !== undefined || format === "docker";
  if (packing !== undefined && packing !== "none") throw plainTar(output, format);
  return async ({ fresh, scratch }) => {
    const sink = isTar ? await tarSink(fresh, scratch) : await folderSink(fresh);
    await writeImage({ layout, box, layers, format, signal, report }, sink);
  };
}

function wholeDisk(box: Box): BothyError {
  return new BothyError(
    "EXPORT_FAILED",
    `the box \`${box.name}\` boots from its own disk and has no layers`,
    {
      hints: ["`bothy box inspect` shows its disk's file, which other tools take as it is"],
    },
  );
}

function noTarball(output: string): BothyError {
  return new BothyError("USAGE", `\`${output}\` is no name of a tarball`, {
    hints: ["--output rootfs.tar, rootfs.tar.gz, rootfs.tar.zst or rootfs.tar.xz"],
  });
}

function plainTar(output: string, format: ExportFormat): BothyError {
  return new BothyError("USAGE", `\`${output}\`: an archive of the format ${format} is a plain .tar`, {
    hints: [`--output ${output.replace(/\.[^/]*$/, "")}.tar`],
  });
}
