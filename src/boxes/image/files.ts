import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { BothyError, hasErrno } from "../../errors.ts";
import { diskFull, ensureFolder, type Layout, removeTree } from "../../system/index.ts";
import { openTar } from "./tar-file.ts";
import { normalise } from "./tar-header.ts";
import { bytesOfFile, indexTar, type TarMember } from "./tar-index.ts";

/** Files by name, those of a folder or of an archive: what an OCI layout and a `docker save` archive consist of. */
export interface Files extends AsyncDisposable {
  /** The folder or archive, as the user wrote it. */
  readonly title: string;
  /** In bytes; `undefined` when there is no such file. */
  sizeOf(name: string): Promise<number | undefined>;
  /** A document; `undefined` when there is none. @throws BothyError `IMAGE_INVALID` when longer than 4 MiB. */
  read(name: string): Promise<Buffer | undefined>;
  /** A path under which the bytes of a file that is there can be read until `forget` or the end. */
  place(name: string, signal?: AbortSignal): Promise<string>;
  forget(name: string): Promise<void>;
}

/** As much as registries take for a manifest. */
const MOST_DOCUMENT_BYTES = 4 << 20;

/** The files below a folder, used where they lie. Names are the caller's own, never an archive's. */
export function filesOfFolder(folder: string, title: string): Files {
  const sizeOf = async (name: string) => {
    const stats = await stat(join(folder, name)).catch((error: unknown) => {
      if (hasErrno(error, "ENOENT", "ENOTDIR")) return undefined;
      throw error;
    });
    return stats?.isFile() ? stats.size : undefined;
  };
  return {
    title,
    sizeOf,
    read: async (name) => {
      const size = await sizeOf(name);
      if (size === undefined) return undefined;
      requireSmall(size, name, title);
      return readFile(join(folder, name));
    },
    place: async (name) => join(folder, name),
    forget: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

/**
 * The files in a tar archive, plain or compressed. They are read where they lie; one that has to be a file is copied
 * to a temporary folder, under a name of ours. A compressed archive is unpacked to there as a whole.
 * @throws BothyError `ARCHIVE_REFUSED`, `DISK_FULL`.
 */
export async function filesOfTar(layout: Layout, path: string, signal?: AbortSignal): Promise<Files> {
  await ensureFolder(layout.temporary());
  const scratch = await mkdtemp(join(layout.temporary(), "archive-"));
  const remove = () => removeTree(scratch, { within: layout.temporary() });
  try {
    const tar = await openTar(path, join(scratch, "archive.tar"), signal);
    await using file = await open(tar);
    const members = await indexTar(await bytesOfFile(file), path);
    const files = tarFiles(path, tar, scratch, members, remove);
    return files;
  } catch (error) {
    await remove();
    throw diskFull(error, scratch);
  }
}

function tarFiles(
  title: string,
  tar: string,
  scratch: string,
  members: ReadonlyMap<string, TarMember>,
  dispose: () => Promise<void>,
): Files {
  const find = (name: string) => members.get(normalise(name));
  const copyOf = (name: string) => join(scratch, `at-${find(name)?.offset}`);
  return {
    title,
    sizeOf: async (name) => find(name)?.sizeBytes,
    read: async (name) => {
      const member = find(name);
      if (!member) return undefined;
      requireSmall(member.sizeBytes, name, title);
      return readRange(tar, member);
    },
    place: async (name, signal) => {
      const member = find(name);
      if (!member) throw new Error(`${title} has no ${name}`);
      await copyRange(tar, member, copyOf(name), signal);
      return copyOf(name);
    },
    forget: (name) => rm(copyOf(name), { force: true }),
    [Symbol.asyncDispose]: dispose,
  };
}

async function copyRange(
  tar: string,
  { offset, sizeBytes }: TarMember,
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const range = { start: offset, end: offset + sizeBytes - 1, highWaterMark: 1 << 20 };
  const source = sizeBytes > 0 ? createReadStream(tar, range) : [];
  try {
    await pipeline(source, createWriteStream(target), { signal });
  } catch (error) {
    throw diskFull(error, target);
  }
}

async function readRange(path: string, { offset, sizeBytes }: TarMember): Promise<Buffer> {
  await using file = await open(path);
  return await (await bytesOfFile(file)).readAt(offset, sizeBytes);
}

function requireSmall(size: number, name: string, title: string): void {
  if (size <= MOST_DOCUMENT_BYTES) return;
  throw new BothyError("IMAGE_INVALID", `\`${name}\` in ${title} is longer than any image's document may be`);
}
