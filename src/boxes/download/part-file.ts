import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { diskFull } from "../../system/index.ts";

/** A download as far as it came, hashed while it grows; never more than a few chunks of it are in memory. */
export interface PartFile extends AsyncDisposable {
  /** How much of it is there. */
  readonly bytes: number;
  /** True while it holds bytes of an earlier run, which nobody has verified. */
  readonly isOld: boolean;
  /** @throws BothyError `DISK_FULL` when there is no room. */
  append(chunk: Uint8Array): Promise<void>;
  /** Throws away what is there. */
  restart(): Promise<void>;
  /** The digest of all of it, in hex; `undefined` without an algorithm. */
  digest(): string | undefined;
  /** Puts it on the disk. */
  sync(): Promise<void>;
}

/** Opens the file or makes it, and hashes what is there. */
export async function openPartFile(
  path: string,
  algorithm: string | undefined,
  signal?: AbortSignal,
): Promise<PartFile> {
  const file = await open(path, "a", 0o600);
  try {
    const { size } = await file.stat();
    const hash = algorithm ? createHash(algorithm) : undefined;
    if (hash && size > 0) await hashFile(path, hash, signal);
    return partFile(path, file, size, hash, algorithm);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function partFile(
  path: string,
  file: FileHandle,
  size: number,
  hash: Hash | undefined,
  algorithm: string | undefined,
): PartFile {
  let [bytes, isOld] = [size, size > 0];
  return {
    get bytes() {
      return bytes;
    },
    get isOld() {
      return isOld;
    },
    append: async (chunk) => {
      try {
        await file.appendFile(chunk);
      } catch (error) {
        throw diskFull(error, path);
      }
      hash?.update(chunk);
      bytes += chunk.length;
    },
    restart: async () => {
      await file.truncate(0);
      hash = algorithm ? createHash(algorithm) : undefined;
      [bytes, isOld] = [0, false];
    },
    digest: () => hash?.copy().digest("hex"),
    sync: () => file.sync(),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function hashFile(path: string, hash: Hash, signal?: AbortSignal): Promise<void> {
  const stream = createReadStream(path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) });
  for await (const chunk of stream) hash.update(chunk as Buffer);
}
