import { chmod, rename, stat, utimes } from "node:fs/promises";
import { BothyError } from "../../errors.ts";
import {
  CommandError,
  ensureFolder,
  explainFullDisk,
  type Layout,
  missingTool,
  run,
  statIfExists,
} from "../../system/index.ts";
import type { BoxContent } from "../box.ts";
import { digestOfFile } from "../digest.ts";
import { requireSpace } from "../download/index.ts";
import { checkQcow2, type DiskFormat } from "./qcow2.ts";

/** A disk image that was looked at: its format is known, so that nobody has to guess it from content again. */
export interface DiskFile {
  readonly path: string;
  readonly format: DiskFormat;
  /** What a guest sees. */
  readonly virtualBytes: number;
}

/** What a box keeps of a whole disk. */
export type WholeDisk = NonNullable<BoxContent["disk"]>;

/** An image may be made to keep its reader busy for ever, or to fill its memory; and it ends when bothy is killed. */
const BOUNDED = ["setpriv", "--pdeathsig", "KILL", "--", "prlimit", "--cpu=600", "--as=8589934592"];
/** What `qemu-img check` returns when content is lost; 3 means clusters that nobody uses. */
const CORRUPT = 2;

/**
 * Checks an image: its header before any program opens it, then that everything it refers to is there, for what is
 * missing would read as zeros. @throws as `checkQcow2`.
 */
export async function inspectDisk(
  path: string,
  format: DiskFormat,
  title: string,
  signal?: AbortSignal,
): Promise<DiskFile> {
  if (format === "raw") return { path, format, virtualBytes: (await stat(path)).size };
  const virtualBytes = await checkQcow2(path, title);
  const { exitCode, stdout } = await qemuImg(
    ["check", "--output=json", "-f", format, path],
    title,
    signal,
    [0, 2, 3],
  );
  if (exitCode !== CORRUPT) return { path, format, virtualBytes };
  const { corruptions = 0 } = JSON.parse(stdout) as { corruptions?: number };
  throw new BothyError(
    "BOX_INVALID",
    `\`${title}\` is cut short or damaged: ${corruptions} errors in its qcow2 tables`,
    {
      hints: ["fetch it again", "or see what is left of it: `qemu-img check -r all FILE`"],
    },
  );
}

/**
 * Writes a disk's content to a raw file, holes where it has none.
 * @throws BothyError `BOX_INVALID` when the image is damaged; `DISK_FULL` before it starts; `INTERRUPTED`.
 */
export async function toRaw(
  disk: DiskFile,
  target: string,
  title: string,
  signal?: AbortSignal,
): Promise<void> {
  await requireSpace(target, await contentBytes(disk, title, signal), `the content of ${title}`);
  await convert(disk, title, target, ["-O", "raw", "-S", "4k"], signal);
}

/**
 * Puts a standalone qcow2 copy into the store, named by its bytes and read-only.
 * @throws as `toRaw`.
 */
export async function keepDisk(
  layout: Layout,
  disk: DiskFile,
  scratch: string,
  title: string,
  signal?: AbortSignal,
): Promise<Pick<WholeDisk, "digest" | "sizeBytes" | "virtualBytes">> {
  await requireSpace(scratch, await contentBytes(disk, title, signal), `the disk of ${title}`);
  await convert(disk, title, scratch, ["-O", "qcow2", "-o", "compat=1.1"], signal);
  const digest = await digestOfFile(scratch, signal);
  const { size: sizeBytes } = await stat(scratch);
  await ensureFolder(layout.disks());
  if ((await statIfExists(layout.disk(digest)))?.size !== sizeBytes) {
    await chmod(scratch, 0o444);
    await utimes(scratch, new Date(0), new Date(0)); // as layers are sealed: a write shows
    await rename(scratch, layout.disk(digest));
  }
  return { digest, sizeBytes, virtualBytes: disk.virtualBytes };
}

/** The bytes that are not holes. */
async function contentBytes(disk: DiskFile, title: string, signal?: AbortSignal): Promise<number> {
  const { stdout } = await qemuImg(["map", "--output=json", "-f", disk.format, disk.path], title, signal);
  const parts = JSON.parse(stdout) as { length: number; data: boolean; zero: boolean }[];
  return parts.reduce((sum, { length, data, zero }) => (data && !zero ? sum + length : sum), 0);
}

async function convert(
  disk: DiskFile,
  title: string,
  target: string,
  options: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const argv = ["convert", "-f", disk.format, ...options, disk.path, target];
  await qemuImg(argv, title, signal).catch(async (error: unknown) => {
    throw await explainFullDisk(error, target);
  });
}

async function qemuImg(
  argv: readonly string[],
  title: string,
  signal?: AbortSignal,
  okCodes: readonly number[] = [0],
) {
  try {
    return await run([...BOUNDED, "qemu-img", ...argv], { signal, okCodes });
  } catch (error) {
    if (!(error instanceof CommandError) || /No space left/.test(error.result.stderr)) throw error;
    if (error.result.exitCode === 127) throw missingTool("qemu-img", error);
    const why = error.result.stderr.trim().replace(/^qemu-img: /, "") || error.message;
    throw new BothyError("BOX_INVALID", `\`${title}\` cannot be read: ${why}`, {
      hints: ["the image may be damaged or cut short: `qemu-img check FILE`"],
      cause: error,
    });
  }
}
