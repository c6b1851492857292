import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { BothyError } from "../../errors.ts";
import type { BlobOptions } from "../oci/source.ts";

/**
 * Reads a file and compares it with what names it: size first, then the digest (descriptor.md, "Verification").
 * @throws BothyError `CHECKSUM_MISMATCH`, `INTERRUPTED`.
 */
export async function verifyBlob(
  path: string,
  expected: { readonly digest: string; readonly size: number },
  title: string,
  options: BlobOptions = {},
): Promise<void> {
  const [algorithm = "sha256"] = expected.digest.split(":");
  const hash = createHash(algorithm);
  let size = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    if (options.signal?.aborted) throw new BothyError("INTERRUPTED", `reading ${title} was interrupted`);
    hash.update(chunk as Buffer);
    size += (chunk as Buffer).length;
    options.onBytes?.((chunk as Buffer).length);
  }
  requireSame(expected, { size, digest: `${algorithm}:${hash.digest("hex")}` }, title);
}

/** The same for bytes that are at hand. */
export function verifyBytes(
  bytes: Buffer,
  expected: { readonly digest: string; readonly size?: number },
  title: string,
): void {
  const [algorithm = "sha256"] = expected.digest.split(":");
  const digest = `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
  requireSame({ size: bytes.length, ...expected }, { size: bytes.length, digest }, title);
}

function requireSame(
  expected: { digest: string; size: number },
  found: { digest: string; size: number },
  title: string,
): void {
  const { digest, size } = expected;
  if (found.size !== size) {
    throw mismatch(title, `\`${digest}\` has ${found.size} bytes instead of ${size}`);
  }
  if (found.digest !== digest)
    throw mismatch(title, `what is named \`${digest}\` has the digest ${found.digest}`);
}

function mismatch(title: string, why: string): BothyError {
  return new BothyError("CHECKSUM_MISMATCH", `${title} is damaged: ${why}`, {
    hints: ["copy it again from where it came"],
  });
}
