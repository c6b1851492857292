import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { BothyError } from "../../errors.ts";
import { ensureFolder, type Layout, statIfExists } from "../../system/index.ts";
import type { BoxLayer } from "../box.ts";
import { findLayer } from "../layer/index.ts";
import { parseImageConfig, parseManifest } from "../oci/documents.ts";
import { hostPlatform, platformMissing, platformText, runsOn } from "../oci/platform.ts";
import type { Descriptor } from "../oci/schema.ts";
import type { ImageSource } from "../oci/source.ts";
import type { Buildah } from "./buildah.ts";

/** What `buildah inspect --type image` prints: the two documents are JSON in strings. */
const inspected = z.object({ Config: z.string(), Manifest: z.string(), FromImageDigest: z.string() });

const PLAIN = "application/vnd.docker.image.rootfs.diff.tar";
const TAG = "image";

/**
 * An image in buildah's storage. Its layers are named by the digests of their uncompressed tars; a blob is the tar in
 * a gzip frame, which is checked against that digest when it is unpacked. Layers of the store are never written out.
 * @throws BothyError `IMAGE_INVALID`, `PLATFORM_MISSING` for one that was built for another platform.
 */
export async function openBuiltImage(
  layout: Layout,
  buildah: Buildah,
  id: string,
  reference: string,
): Promise<ImageSource> {
  const shown = await buildah.run(["inspect", "--type", "image", id]);
  const { Config, Manifest, FromImageDigest } = inspected.parse(JSON.parse(shown.stdout));
  const written = parseManifest(Buffer.from(Manifest), reference).layers;
  const config = parseImageConfig(Buffer.from(Config), written, reference);
  if (!runsOn(config, hostPlatform())) {
    throw platformMissing(reference, hostPlatform(), [platformText(config)]);
  }
  const layers = config.rootfs.diff_ids.map((digest, index) => ({
    mediaType: PLAIN,
    digest,
    size: written[index]?.size ?? 0,
  }));
  const exporter = exportLayers(layout, buildah, id, layers);
  return {
    reference,
    manifest: FromImageDigest,
    platform: platformText(config),
    config,
    layers,
    blob: async (descriptor, options) => {
      const path = await exporter(descriptor, options?.signal);
      options?.onBytes?.(descriptor.size);
      return path;
    },
    forget: ({ digest }) => rm(blobPath(join(buildah.scratch, "image"), digest), { force: true }),
    [Symbol.asyncDispose]: async () => {},
  };
}

type Exporter = (descriptor: Descriptor, signal: AbortSignal | undefined) => Promise<string>;

/** All layers that the store lacks are written at the first request; one that is missed after all, by itself. */
function exportLayers(layout: Layout, buildah: Buildah, id: string, layers: readonly Descriptor[]): Exporter {
  let all: Promise<Map<string, string>> | undefined;
  let single = 0;
  return async ({ digest }, signal) => {
    all ??= storedLayers(layout, layers).then((stored) =>
      writeLayers(buildah, id, join(buildah.scratch, "image"), layers, stored, signal),
    );
    const path = (await all).get(digest);
    if (path !== undefined && (await statIfExists(path))) return path;
    const others = new Set(layers.map((layer) => layer.digest).filter((other) => other !== digest));
    const folder = join(buildah.scratch, `image-${++single}`);
    const alone = (await writeLayers(buildah, id, folder, layers, others, signal)).get(digest);
    if (alone !== undefined) return alone;
    throw new BothyError("IMAGE_INVALID", `buildah did not write the layer ${digest} of ${id}`);
  };
}

/** What a layer is may depend on those below it: above one that is not there yet, only what does not is found. */
async function storedLayers(layout: Layout, layers: readonly Descriptor[]): Promise<Set<string>> {
  const untold = Promise.reject<never>(new Error("the layers below are not there yet"));
  untold.catch(() => {});
  const stored = new Set<string>();
  let below: BoxLayer[] | undefined = [];
  for (const { digest } of layers) {
    const diffId = digest.replace("sha256:", "");
    const found: BoxLayer | undefined = await findLayer(layout, diffId, below ?? untold).catch(
      () => undefined,
    );
    if (found) stored.add(digest);
    below = found && below && [...below, found];
  }
  return stored;
}

/**
 * Writes an OCI layout, without the layers in `without`: buildah takes an empty file of that name for a blob that has
 * been copied before, and does not read what it would have to write. Returns digest -> file of the others.
 */
async function writeLayers(
  buildah: Buildah,
  id: string,
  folder: string,
  layers: readonly Descriptor[],
  without: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<Map<string, string>> {
  await ensureFolder(join(folder, "blobs", "sha256"));
  await Promise.all([...without].map((digest) => writeFile(blobPath(folder, digest), "")));
  const plain = ["--compression-format", "gzip", "--compression-level", "0"]; // stored, not compressed
  const policy = ["--signature-policy", buildah.policy];
  await buildah.run(["push", "--quiet", ...policy, ...plain, id, `oci:${folder}:${TAG}`], { signal });
  const index = JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as {
    manifests: { digest: string }[];
  };
  const manifest = await readFile(blobPath(folder, index.manifests[0]?.digest ?? ""));
  const written = parseManifest(manifest, id).layers;
  const paths = layers.map(
    ({ digest }, at) => [digest, blobPath(folder, written[at]?.digest ?? "")] as const,
  );
  return new Map(paths.filter(([digest]) => !without.has(digest)));
}

function blobPath(folder: string, digest: string): string {
  return join(folder, "blobs", digest.replace(":", "/"));
}
