import { BothyError } from "../../errors.ts";
import { verifyBytes } from "../oci/digest.ts";
import { kindOfMediaType, parseImageConfig, parseIndex, parseManifest } from "../oci/documents.ts";
import { choosePlatform, platformMissing, platformText, runsOn } from "../oci/platform.ts";
import type { Descriptor, ImageIndex } from "../oci/schema.ts";
import { OCI_DIGEST } from "../oci/schema.ts";
import type { ImageSource } from "../oci/source.ts";
import type { Files } from "./files.ts";
import { type ImageRequest, noSuchImage } from "./request.ts";
import { COPY_AGAIN, verifyBlob } from "./verify.ts";

type Entry = ImageIndex["manifests"][number];

/** Indexes may hold indexes; deeper than this somebody plays. */
const DEEPEST = 4;
/** What tags an image: the specification's (image-layout.md), and Docker's full name. */
const TAGS = ["org.opencontainers.image.ref.name", "io.containerd.image.name"];

/**
 * One image of an OCI layout, its documents verified.
 * @throws BothyError `IMAGE_UNKNOWN` naming those there are, `IMAGE_INVALID`, `PLATFORM_MISSING`, `CHECKSUM_MISMATCH`.
 */
export async function layoutImage(files: Files, request: ImageRequest): Promise<ImageSource> {
  const { reference } = request;
  const top = await files.read("index.json");
  if (!top)
    throw new BothyError("IMAGE_INVALID", `\`${files.title}\` is no OCI layout: it has no index.json`);
  const named = chooseNamed(parseIndex(top, reference).manifests, request);
  const found = await followIndexes(files, named, request, DEEPEST);
  const manifest = parseManifest(await document(files, found, reference), reference);
  const config = parseImageConfig(
    await document(files, manifest.config, reference),
    manifest.layers,
    reference,
  );
  if (!runsOn(config, request.platform)) {
    throw platformMissing(reference, request.platform, [platformText(config)]);
  }
  return {
    reference,
    manifest: found.digest,
    platform: platformText(config),
    config,
    layers: manifest.layers,
    blob: async (descriptor, options) => {
      await requireBlob(files, descriptor, reference);
      const path = await files.place(nameOf(descriptor), options?.signal);
      await verifyBlob(path, descriptor, reference, options);
      return path;
    },
    forget: (descriptor) => files.forget(nameOf(descriptor)),
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

/** The entry that is meant. Entries that differ by platform alone are one image. */
function chooseNamed(entries: readonly Entry[], request: ImageRequest): readonly Entry[] {
  const images = entries.filter(({ mediaType }) => kindOfMediaType(mediaType));
  const { name } = request;
  const tags = images.flatMap((entry) => namesOf(entry));
  const meant =
    name === undefined
      ? images
      : images.filter((entry) => entry.digest === name || namesOf(entry).includes(name));
  const digests = new Set(meant.map(({ digest }) => digest));
  const arePlatforms = meant.every(({ platform }) => platform) && new Set(tags).size <= 1;
  if (digests.size === 1 || (digests.size > 1 && (name !== undefined || arePlatforms))) return meant;
  throw noSuchImage(request, tags.length > 0 ? tags : images.map(({ digest }) => digest));
}

function namesOf({ annotations }: Entry): string[] {
  return TAGS.flatMap((key) => annotations?.[key] ?? []);
}

async function followIndexes(
  files: Files,
  entries: readonly Entry[],
  request: ImageRequest,
  depth: number,
): Promise<Descriptor> {
  const { reference, platform } = request;
  const usable = entries.filter(({ mediaType }) => kindOfMediaType(mediaType));
  const [first] = usable;
  const isOne = new Set(usable.map(({ digest }) => digest)).size === 1;
  const chosen = isOne && first ? first : choosePlatform(usable, platform, reference);
  if (!OCI_DIGEST.test(chosen.digest))
    throw invalid(reference, `\`${chosen.digest}\` is no digest that bothy knows`);
  if (kindOfMediaType(chosen.mediaType) === "manifest") return chosen;
  if (depth === 0) throw invalid(reference, "its indexes lie too deep in each other");
  const inner = parseIndex(await document(files, chosen, reference), reference);
  return followIndexes(files, inner.manifests, request, depth - 1);
}

async function document(files: Files, descriptor: Descriptor, title: string): Promise<Buffer> {
  await requireBlob(files, descriptor, title);
  const bytes = (await files.read(nameOf(descriptor))) ?? Buffer.alloc(0);
  verifyBytes(`\`${title}\` is damaged`, bytes, descriptor, COPY_AGAIN);
  return bytes;
}

async function requireBlob(files: Files, { digest, size, urls }: Descriptor, title: string): Promise<void> {
  const found = await files.sizeOf(nameOf({ digest }));
  if (found === undefined) {
    const elsewhere = urls?.length ? `; it is said to lie at ${urls[0]}` : "";
    throw invalid(title, `the blob \`${digest}\` is missing${elsewhere}`);
  }
  if (found === size) return;
  throw new BothyError(
    "CHECKSUM_MISMATCH",
    `\`${title}\` is damaged: \`${digest}\` has ${found} bytes instead of ${size}`,
    {
      hints: [COPY_AGAIN],
    },
  );
}

/** A digest that is well-formed holds no `/` and no `..`. */
function nameOf({ digest }: Pick<Descriptor, "digest">): string {
  return `blobs/${digest.replace(":", "/")}`;
}

function invalid(title: string, why: string): BothyError {
  return new BothyError("IMAGE_INVALID", `\`${title}\` is not a valid image: ${why}`);
}
