import { BothyError } from "../../errors.ts";
import { kindOfMediaType, parseManifest } from "../oci/documents.ts";
import { choosePlatform, type Platform, platformMissing, platformText, runsOn } from "../oci/platform.ts";
import type { Descriptor, ImageIndex, ImageManifest } from "../oci/schema.ts";
import type { RegistryClient } from "./client.ts";
import { type Fetched, fetchDocument, type Wanted } from "./documents.ts";

/** The manifest that was chosen. */
export interface Chosen {
  readonly manifest: ImageManifest;
  /** As the index says it; absent where only the configuration tells. */
  readonly platform?: Platform | undefined;
}

type Entry = ImageIndex["manifests"][number];

/** Indexes in indexes are rare, and deeper ones somebody's trap. */
const MOST_DEPTH = 4;

/**
 * The manifest for a platform: the first that matches, also in nested indexes; then one without a platform, of which
 * the configuration must tell. Entries of unknown types are passed over.
 * @throws BothyError `PLATFORM_MISSING` with what there is, `IMAGE_INVALID`, and what fetching throws.
 */
export async function chooseManifest(
  client: RegistryClient,
  image: string,
  top: Fetched,
  wanted: Platform,
): Promise<Chosen> {
  if (top.kind === "manifest") return { manifest: parseManifest(top.bytes, image) };
  const seen: string[] = [];
  const chosen = await search(client, image, top.index, wanted, seen, 1);
  if (!chosen) throw platformMissing(image, wanted, seen);
  return chosen;
}

async function search(
  client: RegistryClient,
  image: string,
  index: ImageIndex,
  wanted: Platform,
  seen: string[],
  depth: number,
): Promise<Chosen | undefined> {
  const [manifests, indexes] = (["manifest", "index"] as const).map((kind) =>
    index.manifests.filter(({ mediaType }) => kindOfMediaType(mediaType) === kind),
  ) as [Entry[], Entry[]];
  for (const { platform } of manifests)
    if (platform && platform.os !== "unknown") seen.push(platformText(platform));
  const match = matching(manifests, wanted, image);
  if (match) return fetchManifest(client, image, match);
  for (const entry of indexes) {
    if (depth >= MOST_DEPTH)
      throw new BothyError("IMAGE_INVALID", `${image}: its indexes are nested too deep`);
    const nested = await fetchDocument(client, image, entry as Wanted);
    if (nested.kind !== "index") continue;
    const chosen = await search(client, image, nested.index, wanted, seen, depth + 1);
    if (chosen) return chosen;
  }
  const unsaid = manifests.filter(({ platform }) => !platform);
  return unsaid[0] && fetchManifest(client, image, unsaid[0]);
}

function matching(entries: readonly Entry[], wanted: Platform, image: string): Entry | undefined {
  const fit = entries.filter(({ platform }) => platform && runsOn(platform, wanted));
  return fit.length > 0 ? choosePlatform(fit, wanted, image) : undefined;
}

async function fetchManifest(client: RegistryClient, image: string, entry: Entry): Promise<Chosen> {
  const fetched = await fetchDocument(client, image, entry as Descriptor);
  if (fetched.kind === "manifest")
    return { manifest: parseManifest(fetched.bytes, image), platform: entry.platform ?? undefined };
  throw new BothyError(
    "IMAGE_INVALID",
    `${image}: ${entry.digest} is an index where a manifest was promised`,
  );
}
