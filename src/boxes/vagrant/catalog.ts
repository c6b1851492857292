import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";
import { BothyError, messageOf } from "../../errors.ts";
import type { Checksum } from "../download/index.ts";
import { hostArchitecture } from "./architecture.ts";
import { parseChecksum } from "./checksum.ts";
import { compareVersions, isVersion, versionConstraint } from "./version.ts";

/** The providers whose boxes can be read, the better first. */
export const PROVIDERS = ["libvirt", "lxc"] as const;
export type BoxProvider = (typeof PROVIDERS)[number];

/** What one wants from a catalog. */
export interface Choice {
  /** A constraint of RubyGems' grammar; absent: any version. */
  readonly version?: string | undefined;
  readonly provider?: BoxProvider | undefined;
  /** As catalogs name them: `amd64`, `arm64`. Absent: this host's. */
  readonly architecture?: string | undefined;
}

/** The box that a catalog offers for a choice. */
export interface Offer {
  /** The catalog's own name for the box. */
  readonly name?: string | undefined;
  readonly version: string;
  readonly provider: BoxProvider;
  /** Absolute, `file:` included. */
  readonly url: string;
  readonly checksum?: Checksum | undefined;
}

const providerSchema = z.looseObject({
  name: z.string(),
  url: z.string(),
  checksum: z.string().nullish(),
  checksum_type: z.string().nullish(),
  architecture: z.string().nullish(),
  default_architecture: z.boolean().nullish(),
});

const catalogSchema = z.looseObject({
  name: z.string().nullish(),
  versions: z.array(
    z.looseObject({ version: z.coerce.string(), providers: z.array(providerSchema).nullish() }),
  ),
});

/** A catalog of boxes: `{name, versions: [{version, providers: [{name, url, checksum, ...}]}]}`. */
export type Catalog = z.infer<typeof catalogSchema>;
type Entry = z.infer<typeof providerSchema>;

/** @throws BothyError `BOX_INVALID` when the text is no catalog, naming where it came from and what is wrong. */
export function parseCatalog(text: string, title: string): Catalog {
  const result = catalogSchema.safeParse(parseJson(text, title));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new BothyError(
    "BOX_INVALID",
    `\`${title}\` is no catalog of boxes: ${issue?.path.join(".") || "content"}: ${issue?.message}`,
    { cause: result.error },
  );
}

/**
 * The newest version that meets the constraint and is there for a provider and architecture that can be used.
 * `base` is where the catalog is, a URL or an absolute path: the box's URL may be relative to it.
 * @throws BothyError `BOX_INVALID` saying what there is instead; `USAGE` for a constraint that is none.
 */
export function chooseBox(catalog: Catalog, base: string, choice: Choice): Offer {
  const meets = versionConstraint(choice.version ?? ">= 0");
  const known = catalog.versions.filter(({ version }) => isVersion(version));
  const matching = known
    .filter(({ version }) => meets(version))
    .sort((a, b) => compareVersions(b.version, a.version));
  if (matching.length === 0) throw noVersion(known, base, choice);
  for (const { version, providers } of matching) {
    const entry = chooseEntry(providers ?? [], choice);
    if (!entry) continue;
    const name = catalog.name ?? undefined;
    const checksum = readChecksum(entry, base);
    return { name, version, provider: entry.name as BoxProvider, url: resolveUrl(entry.url, base), checksum };
  }
  throw noEntry(matching, base, choice);
}

function parseJson(text: string, title: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BothyError("BOX_INVALID", `\`${title}\` is no catalog of boxes: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function chooseEntry(entries: readonly Entry[], choice: Choice): Entry | undefined {
  for (const provider of choice.provider ? [choice.provider] : PROVIDERS) {
    const offered = entries.filter(({ name }) => name === provider);
    const fitting = offered
      .map((entry) => ({ entry, rank: rankOf(entry, choice.architecture) }))
      .filter(({ rank }) => rank > 0)
      .sort((a, b) => b.rank - a.rank)[0];
    if (fitting) return fitting.entry;
  }
  return undefined;
}

/** Catalogs of before there were architectures name none, or `unknown` for the one that is everybody's default. */
function rankOf({ architecture, default_architecture: isDefault }: Entry, wanted?: string): number {
  const named = architecture?.toLowerCase();
  if (named && named === (wanted ?? hostArchitecture())) return 3;
  if (!named) return 2;
  return !wanted && named === "unknown" && isDefault ? 1 : 0;
}

function readChecksum({ checksum, checksum_type: type, url }: Entry, base: string): Checksum | undefined {
  if (!checksum) return undefined;
  try {
    return parseChecksum(checksum.trim(), type || undefined);
  } catch (cause) {
    throw new BothyError(
      "BOX_INVALID",
      `the catalog ${base} has a bad checksum for ${url}: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
}

/** A path in a catalog may be meant for this host, or for beside the catalog. */
function resolveUrl(url: string, base: string): string {
  const isAddress = /^[a-z][a-z0-9+.-]*:\/\//i;
  if (isAddress.test(url)) return url;
  if (!isAddress.test(base)) return pathToFileURL(resolve(base, "..", url)).href;
  if (base.startsWith("file:") && url.startsWith("/")) return pathToFileURL(url).href;
  return new URL(url, base).href;
}

function noVersion(known: Catalog["versions"], base: string, choice: Choice): BothyError {
  const versions = known.map(({ version }) => version).sort(compareVersions);
  const wanted = choice.version ? ` that meets \`${choice.version}\`` : "";
  return new BothyError("BOX_INVALID", `the catalog ${base} has no version${wanted}`, {
    hints: [versions.length > 0 ? `there are: ${versions.join(", ")}` : "it has no versions at all"],
  });
}

function noEntry(matching: Catalog["versions"], base: string, choice: Choice): BothyError {
  const offered = matching.flatMap(({ version, providers }) =>
    (providers ?? []).map(
      ({ name, architecture }) => `${version} for ${name}${architecture ? ` on ${architecture}` : ""}`,
    ),
  );
  const provider = choice.provider ?? PROVIDERS.join(" or ");
  const architecture = choice.architecture ?? hostArchitecture();
  return new BothyError(
    "BOX_INVALID",
    `the catalog ${base} has no box for the provider ${provider} on ${architecture}`,
    { hints: [offered.length > 0 ? `there are: ${offered.join(", ")}` : "it offers nothing"] },
  );
}
