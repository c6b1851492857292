import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Layout } from "../../system/index.ts";
import type { Box } from "../box.ts";
import type { LayerFile } from "../layers.ts";
import { layerSteps, type Mounted, mounted } from "../mounted/index.ts";
import { type LayerBlob, layerTitle, writeLayerBlob } from "./blob.ts";
import { architecture, imageConfig } from "./image-config.ts";
import { isSystemd } from "./init.ts";
import { exportReference } from "./reference.ts";
import type { Sink } from "./sink.ts";

/** What an image is written from and how. */
export interface ImageRequest {
  readonly layout: Layout;
  readonly box: Box;
  readonly layers: readonly LayerFile[];
  /** `oci`: compressed layers. `docker`: plain ones, and the list that `docker load` reads. */
  readonly format: "oci" | "docker";
  readonly signal?: AbortSignal | undefined;
  readonly report?: ((line: string) => void) | undefined;
}

const TYPES = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  oci: "application/vnd.oci.image.layer.v1.tar+gzip",
  docker: "application/vnd.oci.image.layer.v1.tar",
} as const;

/**
 * Writes an OCI image layout (image-layout.md); with `docker` also the manifest.json of `docker save`, which newer
 * engines write into the same layout. The same box gives the same bytes.
 */
export async function writeImage(request: ImageRequest, sink: Sink): Promise<void> {
  const { layout, box, layers, signal } = request;
  await using mounts = await mounted(layout, layerSteps(layers), { signal });
  const blobs = await writeLayers(request, mounts, sink);
  const diffIds = blobs.map(({ diffId }) => diffId);
  const config = await writeBlob(
    sink,
    imageConfig(box, { diffIds, isSystemd: await isSystemd(mounts, box.init) }),
  );
  const manifest = await writeBlob(sink, {
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    config: { mediaType: TYPES.config, ...config },
    layers: blobs.map((blob) => ({ mediaType: TYPES[request.format], ...descriptor(blob) })),
  });
  const { full, tag } = exportReference(box);
  const annotations = { "org.opencontainers.image.ref.name": tag, "io.containerd.image.name": full };
  const platform = { os: "linux", architecture: architecture() };
  const entry = { mediaType: TYPES.manifest, ...manifest, platform, annotations };
  await sink.write("index.json", json({ schemaVersion: 2, mediaType: TYPES.index, manifests: [entry] }));
  if (request.format === "docker") {
    const images = [
      {
        Config: blobName(config.digest),
        RepoTags: [full],
        Layers: blobs.map(({ digest }) => blobName(digest)),
      },
    ];
    await sink.write("manifest.json", json(images));
  }
  await sink.write("oci-layout", json({ imageLayoutVersion: "1.0.0" }));
  await sink.finish();
}

async function writeLayers(request: ImageRequest, mounts: Mounted, sink: Sink): Promise<LayerBlob[]> {
  const { layers, format, signal } = request;
  const blobs: LayerBlob[] = [];
  for (const index of layers.keys()) {
    request.report?.(layerTitle(index, layers));
    const path = join(sink.scratch, `layer-${index}`);
    const blob = await writeLayerBlob(mounts, index, path, { gzip: format === "oci", signal });
    const isNew = blobs.every(({ digest }) => digest !== blob.digest);
    if (isNew) await sink.take(blobName(blob.digest), path, blob.sizeBytes);
    else await rm(path);
    blobs.push(blob);
  }
  return blobs;
}

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

async function writeBlob(sink: Sink, value: unknown): Promise<Descriptor> {
  const text = json(value);
  const hex = createHash("sha256").update(text).digest("hex");
  await sink.write(blobName(hex), text);
  return descriptor({ digest: hex, sizeBytes: Buffer.byteLength(text) });
}

function descriptor({ digest, sizeBytes }: Pick<LayerBlob, "digest" | "sizeBytes">): Descriptor {
  return { digest: `sha256:${digest}`, size: sizeBytes };
}

function blobName(digest: string): string {
  return `blobs/sha256/${digest.replace("sha256:", "")}`;
}

function json(value: unknown): string {
  return JSON.stringify(value);
}
