import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";

/** One entry of a layer's tar; `content` for a file. */
export interface LayerEntry extends Partial<Header> {
  readonly name: string;
  readonly content?: string | Buffer;
}

export interface LayoutImage {
  /** Base first; each a list of entries, or a finished tar. */
  readonly layers: readonly (readonly LayerEntry[] | Buffer)[];
  /** The `config` of the image's configuration: Entrypoint, Env, User ... */
  readonly config?: object;
  readonly architecture?: string;
  /** `tar` (uncompressed) or `gzip` (default). */
  readonly compression?: "tar" | "gzip";
  readonly tag?: string;
}

/** What was written: enough to ask for it and to compare. */
export interface WrittenImage {
  readonly manifest: string;
  readonly config: string;
  readonly layers: readonly { readonly digest: string; readonly size: number; readonly diffId: string }[];
}

/** Writes an OCI layout with one image by hand, for `skopeo copy oci:FOLDER:TAG`. The tag is `latest` by default. */
export async function writeLayout(folder: string, image: LayoutImage): Promise<WrittenImage> {
  const { compression = "gzip", tag = "latest", architecture = hostArchitecture() } = image;
  await mkdir(join(folder, "blobs/sha256"), { recursive: true });
  const put = (content: string | Buffer) => writeBlob(folder, content);
  const suffix = compression === "gzip" ? "+gzip" : "";
  const layers = await Promise.all(
    image.layers.map(async (layer) => {
      const tar = Buffer.isBuffer(layer) ? layer : await tarOf(layer as readonly LayerEntry[]);
      const written = await put(compression === "gzip" ? gzipSync(tar) : tar);
      return { ...written, diffId: digestOf(tar) };
    }),
  );
  const rootfs = { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) };
  const config = await put(JSON.stringify({ architecture, os: "linux", config: image.config ?? {}, rootfs }));
  const type = (name: string) => `application/vnd.oci.image.${name}`;
  const descriptors = layers.map(({ digest, size }) => ({
    ...{ mediaType: type(`layer.v1.tar${suffix}`), digest, size },
  }));
  const mediaType = type("manifest.v1+json");
  const manifest = await put(
    JSON.stringify({
      ...{ schemaVersion: 2, mediaType, layers: descriptors },
      config: { mediaType: type("config.v1+json"), ...config },
    }),
  );
  const annotations = { "org.opencontainers.image.ref.name": tag };
  const index = { schemaVersion: 2, manifests: [{ mediaType, ...manifest, annotations }] };
  await writeFile(join(folder, "index.json"), JSON.stringify(index));
  await writeFile(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  return { manifest: manifest.digest, config: config.digest, layers };
}

/** A tar of these entries; files are 0644 and folders 0755 unless told otherwise. */
export async function tarOf(entries: readonly LayerEntry[]): Promise<Buffer> {
  const tar = pack();
  const all = buffer(tar);
  for (const { content, ...header } of entries) tar.entry({ mtime: new Date(0), ...header }, content ?? "");
  tar.finalize();
  return all;
}

/** `sha256:HEX` of the bytes. */
export function digestOf(content: string | Buffer, algorithm = "sha256"): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest("hex")}`;
}

/** This host's architecture in the words of images. */
export function hostArchitecture(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}

async function writeBlob(folder: string, content: string | Buffer) {
  const digest = digestOf(content);
  await writeFile(join(folder, "blobs", digest.replace(":", "/")), content);
  return { digest, size: Buffer.byteLength(content) };
}
