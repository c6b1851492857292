import { createHash } from "node:crypto";
import { BothyError } from "../../errors.ts";

/** What bytes are known by; their size is not always told. */
export interface Promised {
  readonly digest: string;
  readonly size?: number | undefined;
}

/** `ALGORITHM:HEX` of these bytes. */
export function digestOf(bytes: Buffer, algorithm = "sha256"): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

/**
 * Compares the size first, if it is known, then the digest (descriptor.md, "Verification").
 * @param hint what to do about bytes that are others.
 * @throws BothyError `CHECKSUM_MISMATCH`.
 */
export function verifyBytes(what: string, bytes: Buffer, promised: Promised, hint: string): void {
  const { size = bytes.length, digest } = promised;
  const actual = size === bytes.length ? digestOf(bytes, digest.split(":")[0]) : digest;
  requireSame(what, { digest: actual, size: bytes.length }, { digest, size }, hint);
}

/** The same for bytes that were read and hashed. @throws BothyError `CHECKSUM_MISMATCH`. */
export function requireSame(
  what: string,
  actual: Required<Promised>,
  promised: Required<Promised>,
  hint: string,
): void {
  const { digest, size } = promised;
  if (actual.size !== size)
    throw mismatch(`${what}: ${size} bytes were promised, and it has ${actual.size}`, hint);
  if (actual.digest === digest) return;
  throw mismatch(`${what}: the digest is ${actual.digest}, and ${digest} was promised`, hint);
}

function mismatch(message: string, hint: string): BothyError {
  return new BothyError("CHECKSUM_MISMATCH", message, { hints: [hint] });
}
