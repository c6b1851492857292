import * as z from "zod";

/**
 * The documents of the OCI image specification v1.1, with Docker's older media types and its additions to the
 * configuration. Unknown keys are ignored, as the specification demands; optional ones may be null.
 */

/** What names content: `ALGORITHM:HEX` (descriptor.md, "Digests"). We verify sha256 and sha512. */
export const OCI_DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

const digest = z.string().regex(OCI_DIGEST, "is no sha256 or sha512 digest");
const strings = z.array(z.string()).nullish();
const textMap = z.record(z.string(), z.string()).nullish();

export const platformSchema = z.object({
  os: z.string(),
  architecture: z.string(),
  variant: z.string().nullish(),
});

export const descriptorSchema = z.object({
  mediaType: z.string(),
  digest,
  size: z.number().int().nonnegative(),
  platform: platformSchema.nullish(),
  annotations: textMap,
  urls: strings,
  /** The content itself, in base64: it need not be fetched then. */
  data: z.string().nullish(),
  artifactType: z.string().nullish(),
});

export const indexSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().nullish(),
  manifests: z.array(descriptorSchema.extend({ digest: z.string() })),
});

export const manifestSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().nullish(),
  artifactType: z.string().nullish(),
  config: descriptorSchema,
  layers: z.array(descriptorSchema),
  annotations: textMap,
});

/** Durations are nanoseconds, as Docker writes them. */
const healthcheck = z.object({
  Test: strings,
  Interval: z.number().nullish(),
  Timeout: z.number().nullish(),
  StartPeriod: z.number().nullish(),
  Retries: z.number().nullish(),
});

export const imageConfigSchema = z.object({
  os: z.string(),
  architecture: z.string(),
  variant: z.string().nullish(),
  created: z.string().nullish(),
  config: z
    .object({
      User: z.string().nullish(),
      ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
      Env: strings,
      Entrypoint: strings,
      Cmd: strings,
      Volumes: z.record(z.string(), z.unknown()).nullish(),
      WorkingDir: z.string().nullish(),
      Labels: textMap,
      StopSignal: z.string().nullish(),
      Healthcheck: healthcheck.nullish(),
    })
    .nullish(),
  rootfs: z.object({ type: z.literal("layers"), diff_ids: z.array(digest) }),
  history: z
    .array(
      z.object({
        created: z.string().nullish(),
        created_by: z.string().nullish(),
        comment: z.string().nullish(),
        empty_layer: z.boolean().nullish(),
      }),
    )
    .nullish(),
});

/** A reference to content: what it is, its digest and its size in bytes. */
export type Descriptor = z.infer<typeof descriptorSchema>;
export type ImageIndex = z.infer<typeof indexSchema>;
export type ImageManifest = z.infer<typeof manifestSchema>;
/** The image's configuration: how its program runs, and the digests of its uncompressed layers. */
export type ImageConfig = z.infer<typeof imageConfigSchema>;

/** Media types by role: the OCI name first, then Docker's. */
export const MEDIA_TYPES = {
  index: [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
  ],
  manifest: [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
  ],
  config: ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"],
} as const;

/** How a layer's bytes are packed; the content tells gzip and zstd too, whatever the media type says. */
export const LAYER_MEDIA_TYPES: Readonly<Record<string, "tar" | "gzip" | "zstd">> = {
  "application/vnd.oci.image.layer.v1.tar": "tar",
  "application/vnd.oci.image.layer.v1.tar+gzip": "gzip",
  "application/vnd.oci.image.layer.v1.tar+zstd": "zstd",
  "application/vnd.oci.image.layer.nondistributable.v1.tar": "tar",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip": "gzip",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd": "zstd",
  "application/vnd.docker.image.rootfs.diff.tar": "tar",
  "application/vnd.docker.image.rootfs.diff.tar.gzip": "gzip",
  "application/vnd.docker.image.rootfs.diff.tar.zstd": "zstd",
  "application/vnd.docker.image.rootfs.foreign.diff.tar": "tar",
  "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip": "gzip",
};
