import type * as z from "zod";
import { BothyError, messageOf } from "../../errors.ts";
import {
  type ImageConfig,
  type ImageIndex,
  type ImageManifest,
  imageConfigSchema,
  indexSchema,
  LAYER_MEDIA_TYPES,
  MEDIA_TYPES,
  manifestSchema,
} from "./schema.ts";

/** The roles of a document that a name can lead to. */
export type DocumentKind = "index" | "manifest";

/** What a media type announces; `undefined` for what is neither, which an index may hold and a puller passes over. */
export function kindOfMediaType(mediaType: string | null | undefined): DocumentKind | undefined {
  const isOneOf = (types: readonly string[]) => mediaType != null && types.includes(mediaType);
  if (isOneOf(MEDIA_TYPES.index)) return "index";
  return isOneOf(MEDIA_TYPES.manifest) ? "manifest" : undefined;
}

/** @throws BothyError `IMAGE_INVALID`. `title` names the image in messages, here and below. */
export function parseIndex(bytes: Buffer, title: string): ImageIndex {
  return parse(indexSchema, bytes, title, "index");
}

/**
 * The manifest of a container image, whose layers are of a kind that we can unpack.
 * @throws BothyError `IMAGE_INVALID`, also for artifacts that are no images.
 */
export function parseManifest(bytes: Buffer, title: string): ImageManifest {
  const manifest = parse(manifestSchema, bytes, title, "manifest");
  const { mediaType } = manifest.config;
  if (!(MEDIA_TYPES.config as readonly string[]).includes(mediaType)) {
    const what = manifest.artifactType ?? mediaType;
    throw new BothyError("IMAGE_INVALID", `\`${title}\` is no container image but an artifact: ${what}`);
  }
  const unknown = manifest.layers.find((layer) => !(layer.mediaType in LAYER_MEDIA_TYPES));
  if (!unknown) return manifest;
  throw new BothyError(
    "IMAGE_INVALID",
    `\`${title}\` has a layer of a type that bothy does not know: ${unknown.mediaType}`,
    {
      hints: ["`skopeo copy --dest-compress-format gzip` writes it again with layers of a usual type"],
    },
  );
}

/** @throws BothyError `IMAGE_INVALID`, also when it does not describe as many layers as the manifest has. */
export function parseImageConfig(
  bytes: Buffer,
  layers: { readonly length: number },
  title: string,
): ImageConfig {
  const config = parse(imageConfigSchema, bytes, title, "configuration");
  const described = config.rootfs.diff_ids.length;
  if (described === layers.length) return config;
  throw invalid(title, `its configuration describes ${described} layers and there are ${layers.length}`);
}

function parse<T extends z.ZodType>(schema: T, bytes: Buffer, title: string, what: string): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw invalid(title, `its ${what} is no JSON: ${messageOf(error)}`, error);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalid(
    title,
    `its ${what} is wrong at ${issue?.path.join(".") || "the top"}: ${issue?.message}`,
    result.error,
  );
}

function invalid(title: string, why: string, cause?: unknown): BothyError {
  return new BothyError("IMAGE_INVALID", `\`${title}\` is not a valid image: ${why}`, { cause });
}
