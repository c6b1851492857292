import { stat } from "node:fs/promises";
import { join } from "node:path";
import { BothyError } from "../../errors.ts";
import { explainFullDisk, type Layout, run, statIfExists } from "../../system/index.ts";
import { workspace } from "../workspace.ts";

/** A copy of a data disk, gone when disposed. */
export interface DiskCopy extends AsyncDisposable {
  readonly file: string;
  /** For whatever is made of it. */
  readonly folder: string;
}

/** How a disk is copied. */
export interface CopyOptions {
  /** The copy's folder is named by it; the caller holds the lock of that name. */
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Copies a machine's data disk as it is at this moment, sharing its blocks with it where the store's file system can.
 * The caller sees to it that nobody writes meanwhile.
 * @throws BothyError `MACHINE_BROKEN` when there is no disk; `DISK_FULL`, `INTERRUPTED`.
 */
export async function copyDisk(
  layout: Layout,
  disk: string,
  { name, signal }: CopyOptions,
): Promise<DiskCopy> {
  if (!(await statIfExists(disk))?.isFile()) {
    throw new BothyError("MACHINE_BROKEN", `the data disk ${disk} is missing`, {
      hints: ["restore the file from a backup"],
    });
  }
  const place = await workspace(layout, name);
  const file = join(place.folder, "disk.img");
  try {
    await run(["cp", "--reflink=auto", "--sparse=always", "--", disk, file], { signal });
    if ((await stat(file)).size !== (await stat(disk)).size) throw changed(disk);
    return { ...place, file };
  } catch (error) {
    const explained = await explainFullDisk(error, file);
    await place[Symbol.asyncDispose]();
    throw explained;
  }
}

function changed(disk: string): BothyError {
  return new BothyError("DISK_BUSY", `the data disk ${disk} changed while it was copied`);
}
