import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { BothyError } from "../../errors.ts";

/** What a file's bytes must hash to. */
export interface Checksum {
  readonly algorithm: "md5" | "sha1" | "sha256" | "sha384" | "sha512";
  /** Either case. */
  readonly hex: string;
}

/**
 * Reads the whole file and compares.
 * @throws BothyError `CHECKSUM_MISMATCH` naming both values; the error of the file system when it cannot be read.
 */
export async function verifyFile(path: string, checksum: Checksum, signal?: AbortSignal): Promise<void> {
  const hash = createHash(checksum.algorithm);
  const stream = createReadStream(path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) });
  for await (const chunk of stream) hash.update(chunk as Buffer);
  const actual = hash.digest("hex");
  if (!isSame(actual, checksum)) throw mismatch(path, actual, checksum);
}

/** Whether a digest in lower-case hex is the promised one. */
export function isSame(actual: string, { hex }: Checksum): boolean {
  return actual === hex.toLowerCase();
}

/** The error for bytes that are not the promised ones. */
export function mismatch(what: string, actual: string, { algorithm, hex }: Checksum): BothyError {
  return new BothyError(
    "CHECKSUM_MISMATCH",
    `${what}: the ${algorithm} is ${actual}, and ${hex.toLowerCase()} was promised`,
    { hints: ["try again; if it stays so, the file on the server or the promise is wrong: it was not used"] },
  );
}
