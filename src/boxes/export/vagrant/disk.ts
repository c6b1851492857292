import { open, readFile, truncate, writeFile } from "node:fs/promises";
import { BothyError, hasErrno } from "../../../errors.ts";
import { run } from "../../../system/index.ts";

/** A raw disk image with one bootable partition, and an empty ext4 in it. */
export interface RawDisk {
  readonly path: string;
  readonly uuid: string;
  /** Where the file system begins, in bytes. */
  readonly offset: number;
}

const OFFSET = 1 << 20;
const SECTOR = 512;
const BOOT_CODE_BYTES = 440;
/** What the boot loader can read. */
const FEATURES = "^64bit,^metadata_csum,^metadata_csum_seed,^orphan_file";
const BOOT_CODES = [
  "/usr/lib/syslinux/mbr/mbr.bin",
  "/usr/lib/EXTLINUX/mbr.bin",
  "/usr/share/syslinux/mbr.bin",
];

/** Makes the image, sparse: MBR, boot code, one active partition to its end. */
export async function makeRawDisk(
  path: string,
  options: { sizeBytes: number; uuid: string; signal?: AbortSignal | undefined },
): Promise<RawDisk> {
  const { sizeBytes, uuid, signal } = options;
  const code = await bootCode();
  await writeFile(path, "", { flag: "wx", mode: 0o600 });
  await truncate(path, sizeBytes);
  const table = `label: dos\nstart=${OFFSET / SECTOR}, type=83, bootable\n`;
  await run(["sfdisk", "--quiet", path], { input: table, signal });
  const disk = await open(path, "r+");
  await disk.write(code, 0, Math.min(code.length, BOOT_CODE_BYTES), 0).finally(() => disk.close());
  const extended = `offset=${OFFSET},lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0`;
  await run(
    [
      ...["mkfs.ext4", "-q", "-F", "-m", "1", "-U", uuid, "-O", FEATURES, "-E", extended],
      ...[path, `${(sizeBytes - OFFSET) / 1024}k`],
    ],
    { signal },
  );
  return { path, uuid, offset: OFFSET };
}

async function bootCode(): Promise<Buffer> {
  for (const path of BOOT_CODES) {
    try {
      return await readFile(path);
    } catch (error) {
      if (!hasErrno(error, "ENOENT")) throw error;
    }
  }
  throw new BothyError("TOOL_MISSING", "the boot code of syslinux is not installed on this host", {
    hints: ["apt-get install extlinux syslinux-common"],
  });
}
