import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { BothyError } from "../../errors.ts";
import { requireSame } from "../oci/digest.ts";
import type { BlobOptions } from "../oci/source.ts";

/** What to do about a damaged layout or archive. */
export const COPY_AGAIN = "copy it again from where it came";

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
  const actual = { size, digest: `${algorithm}:${hash.digest("hex")}` };
  requireSame(`${title} is damaged`, actual, expected, COPY_AGAIN);
}
