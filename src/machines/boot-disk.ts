import { rm } from "node:fs/promises";
import { explainFullDisk, run } from "../system/index.ts";

const MIB = 1024 * 1024;

/**
 * Makes the disk of a machine that boots from its box's own: a qcow2 file that holds what the machine writes, over
 * the box's, which stays as it is. It is at least as large as the box's; nobody grows what is on it.
 * @throws BothyError `DISK_FULL`, `TOOL_MISSING`; a file that is there already is an error of the caller's.
 */
export async function createBootDisk(
  path: string,
  base: { readonly path: string; readonly virtualBytes: number },
  sizeMiB: number,
): Promise<void> {
  const size = Math.max(base.virtualBytes, sizeMiB * MIB);
  try {
    await run([
      "qemu-img",
      "create",
      "-q",
      "-f",
      "qcow2",
      "-F",
      "qcow2",
      "-b",
      base.path,
      path,
      String(size),
    ]);
  } catch (error) {
    const explained = await explainFullDisk(error, path);
    await rm(path, { force: true });
    throw explained;
  }
}
