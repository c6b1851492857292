import { BothyError } from "../../errors.ts";

/** What an image runs on, in Go's words, as images have them. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | null | undefined;
}

/** Node's names for processors -> Go's. */
const ARCHITECTURES: Readonly<Record<string, Omit<Platform, "os">>> = {
  x64: { architecture: "amd64" },
  ia32: { architecture: "386" },
  arm: { architecture: "arm", variant: "v7" },
  ppc64: { architecture: "ppc64le" },
};
/** What people call them who do not write Go. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  "x86-64": "amd64",
  i386: "386",
  i686: "386",
  aarch64: "arm64",
  armhf: "arm",
};
/** What is meant where none is said. */
const USUAL_VARIANTS: Readonly<Record<string, string>> = { arm64: "v8", arm: "v7", amd64: "v1" };

/** This host's. */
export function hostPlatform(architecture: string = process.arch): Platform {
  return { os: "linux", ...(ARCHITECTURES[architecture] ?? { architecture }) };
}

/** Reads `linux/arm64/v8`, `linux/amd64` or `arm64`. @throws BothyError `USAGE`. */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split("/");
  const hasOs = parts.length > 1 && !/^v\d/.test(parts[1] ?? ""); // `arm/v7` is a processor and its variant
  const [os = "", name = "", variant] = hasOs ? parts : ["linux", ...parts];
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9_.-]+$/.test(part))) {
    throw new BothyError("USAGE", `\`${text}\` is no platform`, { hints: ["write it as `linux/arm64`"] });
  }
  const architecture = OTHER_NAMES[name] ?? name;
  return { os, architecture, ...(variant ? { variant } : {}) };
}

/** `linux/arm64/v8`. */
export function platformText({ os, architecture, variant }: Platform): string {
  return variant ? `${os}/${architecture}/${variant}` : `${os}/${architecture}`;
}

/**
 * The first that runs on `wanted`, as the specification says; an ARM of an older variant serves where there is no equal.
 * Entries without a platform count only where there is nothing else to choose from.
 * @throws BothyError `PLATFORM_MISSING` with those there are.
 */
export function choosePlatform<T extends { readonly platform?: Platform | null | undefined }>(
  entries: readonly T[],
  wanted: Platform,
  title: string,
): T {
  const same = entries.filter(({ platform }) => platform && isSameProcessor(platform, wanted));
  const exact = same.find(({ platform }) => platform && variantOf(platform) === variantOf(wanted));
  const older = same
    .filter(({ platform }) => platform && variantOf(platform) < variantOf(wanted))
    .sort((a, b) => (variantOf(a.platform ?? wanted) < variantOf(b.platform ?? wanted) ? 1 : -1));
  const unnamed = entries.length === 1 && !entries[0]?.platform ? entries[0] : undefined;
  const chosen = exact ?? older[0] ?? unnamed;
  if (chosen) return chosen;
  const there = entries.flatMap(({ platform }) =>
    platform && platform.os !== "unknown" ? [platformText(platform)] : [],
  );
  throw platformMissing(title, wanted, there);
}

/** Whether an image for `platform` runs on `wanted`. Configurations often leave the variant out: then any does. */
export function runsOn(platform: Platform, wanted: Platform): boolean {
  if (!isSameProcessor(platform, wanted)) return false;
  return !platform.variant || variantOf(platform) <= variantOf(wanted);
}

/** The error for an image that has nothing for `wanted`. */
export function platformMissing(title: string, wanted: Platform, there: readonly string[]): BothyError {
  const known = [...new Set(there)];
  return new BothyError("PLATFORM_MISSING", `\`${title}\` has nothing for ${platformText(wanted)}`, {
    hints: [known.length > 0 ? `there are: ${known.join(", ")}` : "it names no platform at all"],
  });
}

function isSameProcessor(platform: Platform, wanted: Platform): boolean {
  return platform.os === wanted.os && platform.architecture === wanted.architecture;
}

function variantOf({ architecture, variant }: Platform): string {
  return variant || (USUAL_VARIANTS[architecture] ?? "");
}
