import { join } from "node:path";
import { createDisk } from "../../src/machines/index.ts";
import { run } from "../../src/system/index.ts";

/** A data disk on which a script made `upper/`, `work/` and `volumes/`; it runs in the mounted disk. */
export async function scriptedDisk(folder: string, script: string, sizeMiB = 64): Promise<string> {
  const disk = join(folder, "disk.img");
  await createDisk(disk, sizeMiB);
  await run(["mkdir", "-p", join(folder, "mnt")]);
  const mount = 'mount -o loop "$1" "$2/mnt"; cd "$2/mnt"; mkdir -p upper work volumes';
  await run([
    "unshare",
    "--mount",
    "sh",
    "-euc",
    `${mount}; ${script}; cd /; umount "$2/mnt"`,
    "sh",
    disk,
    folder,
  ]);
  return disk;
}
