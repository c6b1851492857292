import { open, rm } from "node:fs/promises";
import { diskFull, explainFullDisk, run } from "../system/index.ts";

/** Features that a 6.1 guest kernel lacks or that would tie the file system to one host. */
const FEATURES = "^orphan_file,^metadata_csum_seed";

/**
 * Makes a machine's data disk: a sparse, empty ext4 file. The first start makes `upper/`, `work/` and `volumes/` on it.
 * Costs a few MiB on the host until the machine writes.
 * @throws BothyError `DISK_FULL`; a file that is there already is an error of the caller's.
 */
export async function createDisk(path: string, sizeMiB: number): Promise<void> {
  await makeSparse(path, sizeMiB);
  try {
    await run([
      "mkfs.ext4",
      ...["-q", "-F", "-m", "0", "-L", "bothy", "-O", FEATURES],
      ...["-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0"],
      path,
    ]);
  } catch (error) {
    const explained = await explainFullDisk(error, path);
    await rm(path, { force: true });
    throw explained;
  }
}

async function makeSparse(path: string, sizeMiB: number): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.truncate(sizeMiB * 1024 * 1024);
  } catch (error) {
    await rm(path, { force: true });
    throw diskFull(error, path);
  } finally {
    await file.close();
  }
}
