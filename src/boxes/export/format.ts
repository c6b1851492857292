import { basename } from "node:path";
import { BothyError } from "../../errors.ts";
import type { Packing } from "./rootfs.ts";

/** What a box can be written as. */
export const EXPORT_FORMATS = ["oci", "docker", "rootfs", "vagrant"] as const;

/** What a box can be written as. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const PACKINGS: readonly [suffix: RegExp, packing: Packing][] = [
  [/\.tar$/, "none"],
  [/\.(tar\.gz|tgz)$/, "gzip"],
  [/\.(tar\.zst|tzst)$/, "zstd"],
  [/\.(tar\.xz|txz)$/, "xz"],
];

/**
 * The format that a file's name asks for: `.box` is Vagrant's, a packed tar a root file system, no suffix an OCI folder.
 * @throws BothyError `USAGE` when the name tells nothing: a `.tar` may be three things.
 */
export function formatOf(output: string): ExportFormat {
  const name = basename(output);
  if (name.endsWith(".box")) return "vagrant";
  if (name.endsWith(".tar"))
    throw unclear(output, "an OCI layout, a `docker load` archive or a root file system");
  if (packingOf(name)) return "rootfs";
  if (!/\.[a-z]\w*$/i.test(name)) return "oci";
  throw unclear(output, "anything");
}

/** The format of that name. @throws BothyError `USAGE` when there is none. */
export function requireFormat(name: string): ExportFormat {
  const format = EXPORT_FORMATS.find((known) => known === name);
  if (format) return format;
  throw new BothyError("USAGE", `\`${name}\` is no format`, {
    hints: [`there are ${EXPORT_FORMATS.join(", ")}`],
  });
}

/** How a tarball of that name is packed, or `undefined` when it is none. */
export function packingOf(output: string): Packing | undefined {
  return PACKINGS.find(([suffix]) => suffix.test(basename(output)))?.[1];
}

function unclear(output: string, what: string): BothyError {
  return new BothyError("USAGE", `\`${output}\` does not tell the format: it may be ${what}`, {
    hints: EXPORT_FORMATS.map((format) => `--format ${format}`),
  });
}
