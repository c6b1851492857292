import { createHash } from "node:crypto";
import * as z from "zod";
import { BothyError, messageOf } from "../../errors.ts";
import { parseImageConfig } from "../oci/documents.ts";
import { platformMissing, platformText, runsOn } from "../oci/platform.ts";
import type { Descriptor } from "../oci/schema.ts";
import type { ImageSource } from "../oci/source.ts";
import type { Files } from "./files.ts";
import { type ImageRequest, noSuchImage } from "./request.ts";

/** `manifest.json` of a `docker save` archive (moby's image-spec v1.2, "Combined Image JSON + Filesystem Changeset"). */
const manifestSchema = z.array(
  z.object({
    Config: z.string(),
    RepoTags: z.array(z.string()).nullish(),
    Layers: z.array(z.string()),
  }),
);

type Saved = z.infer<typeof manifestSchema>[number];

/**
 * One image of a `docker save` archive. Its layers are named by file and known by what they unpack to, so a layer's
 * descriptor has that digest, and converting the layer verifies it.
 * @throws BothyError `IMAGE_UNKNOWN` naming those there are, `IMAGE_INVALID`, `PLATFORM_MISSING`.
 */
export async function dockerImage(files: Files, request: ImageRequest): Promise<ImageSource> {
  const { reference } = request;
  const saved = chooseSaved(await readSaved(files, reference), request);
  const bytes = await files.read(saved.Config);
  if (!bytes) throw invalid(reference, `\`${saved.Config}\` is missing`);
  const sizes = await Promise.all(saved.Layers.map((name) => files.sizeOf(name)));
  const missing = saved.Layers[sizes.indexOf(undefined)];
  if (missing !== undefined) throw invalid(reference, `its layer \`${missing}\` is missing or cut off`);
  const config = parseImageConfig(bytes, saved.Layers, reference);
  if (!runsOn(config, request.platform)) {
    throw platformMissing(reference, request.platform, [platformText(config)]);
  }
  const layers = config.rootfs.diff_ids.map((diffId, index) => layer(diffId, sizes[index]));
  const nameOf = ({ digest }: Descriptor) => {
    const index = layers.findIndex((candidate) => candidate.digest === digest);
    return saved.Layers[index] ?? Promise.reject(invalid(reference, `it has no layer ${digest}`));
  };
  return {
    reference,
    manifest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
    platform: platformText(config),
    config,
    layers,
    blob: async (descriptor, options) => {
      const path = await files.place(await nameOf(descriptor), options?.signal);
      options?.onBytes?.(descriptor.size);
      return path;
    },
    forget: async (descriptor) => files.forget(await nameOf(descriptor)),
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

/** What it is packed with its content tells. */
function layer(digest: string, size: number | undefined): Descriptor {
  return { mediaType: "application/vnd.docker.image.rootfs.diff.tar", digest, size: size ?? 0 };
}

async function readSaved(files: Files, title: string): Promise<readonly Saved[]> {
  const bytes = (await files.read("manifest.json")) ?? Buffer.alloc(0);
  try {
    return manifestSchema.parse(JSON.parse(bytes.toString("utf8")));
  } catch (error) {
    throw invalid(title, `its manifest.json is none that \`docker save\` writes: ${messageOf(error)}`);
  }
}

function chooseSaved(all: readonly Saved[], request: ImageRequest): Saved {
  const { name } = request;
  const meant = name === undefined ? all : all.filter((saved) => isNamed(saved, name));
  const [first] = meant;
  if (first && (meant.length === 1 || name !== undefined)) return first;
  throw noSuchImage(
    request,
    all.flatMap((saved) => saved.RepoTags ?? [saved.Config]),
  );
}

/** `web` and `web:1` find `docker.io/library/web:1`, as they would find it in Docker. */
function isNamed({ RepoTags, Config }: Saved, name: string): boolean {
  const tags = (RepoTags ?? []).map((tag) => tag.replace(/^docker\.io\/(?:library\/)?/, ""));
  const wanted = name.replace(/^docker\.io\/(?:library\/)?/, "");
  return (
    Config === name ||
    tags.some(
      (tag) => [tag, tag.slice(tag.lastIndexOf(":") + 1)].includes(wanted) || tag === `${wanted}:latest`,
    )
  );
}

function invalid(title: string, why: string): BothyError {
  return new BothyError("IMAGE_INVALID", `\`${title}\` is not a valid image: ${why}`);
}
