import { BothyError } from "../../errors.ts";
import type { Checksum } from "../download/index.ts";

const ALGORITHMS = { md5: 32, sha1: 40, sha256: 64, sha384: 96, sha512: 128 } as const;

/**
 * A checksum of a catalog or of the command line; the algorithm may be left out where the length tells it.
 * @throws BothyError `USAGE` for what can be none.
 */
export function parseChecksum(hex: string, algorithm?: string): Checksum {
  const names = Object.keys(ALGORITHMS) as (keyof typeof ALGORITHMS)[];
  const name = algorithm
    ? names.find((candidate) => candidate === algorithm.toLowerCase().replace("-", ""))
    : names.find((candidate) => ALGORITHMS[candidate] === hex.length);
  if (name && /^[0-9a-f]+$/i.test(hex) && hex.length === ALGORITHMS[name]) {
    return { algorithm: name, hex: hex.toLowerCase() };
  }
  throw new BothyError("USAGE", `\`${algorithm ? `${algorithm}:` : ""}${hex}\` is no checksum`, {
    hints: [`known are ${names.join(", ")}, as hexadecimal digits`],
  });
}
