import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../system/index.ts";

/** A few small files and the file system's own tables. */
const CLOUD_SEED_KIB = "256";
/** How cloud-init knows its NoCloud data source. */
const CLOUD_LABEL = "CIDATA";

/** The seed as the raw content of a disk: an uncompressed tar, the same bytes for the same seed. */
export async function writeSeedDisk(seed: string, target: string): Promise<void> {
  await makePrivate(target);
  await run([
    ...["tar", "--create", "--file", target, "--format=ustar", "--sort=name"],
    ...["--owner=0", "--group=0", "--numeric-owner", "--directory", seed, "."],
  ]);
}

/** The seed as a FAT file system for cloud-init. @throws BothyError `TOOL_MISSING`. */
export async function writeCloudSeedDisk(seed: string, target: string): Promise<void> {
  await makePrivate(target);
  await run(["truncate", "--size", `${CLOUD_SEED_KIB}K`, target]);
  await run(["mkfs.vfat", "-n", CLOUD_LABEL, target]);
  const files = (await readdir(seed)).map((name) => join(seed, name));
  await run(["mcopy", "-i", target, ...files, "::"]);
}

/** Before a secret is in it. */
async function makePrivate(target: string): Promise<void> {
  const file = await open(target, "wx", 0o600);
  await file.close();
}
