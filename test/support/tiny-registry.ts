import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { sendFile, serveHttp, type TestServer } from "./http-server.ts";
import { digestOf, hostArchitecture } from "./oci-layout.ts";

export const TYPES = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
};

/** A descriptor of what was put in. */
export interface Put {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** A registry that does as it is told, also what no registry should. */
export interface TinyRegistry extends TestServer {
  /** `GET manifests/1` and so on, without the repository; the probes for TLS are left out. */
  asked(): string[];
  blob(content: Buffer | string, mediaType?: string): Put;
  /** A manifest or index by its digest and, when given, by tag. */
  document(content: object | string, options?: { tag?: string; mediaType?: string; algorithm?: string }): Put;
  /** A whole image; the overrides are merged into its documents. */
  image(options?: TinyImage): Put & { readonly layers: readonly Put[]; readonly config: Put };
}

export interface TinyImage {
  readonly tag?: string;
  readonly layers?: readonly Buffer[];
  readonly architecture?: string;
  readonly config?: object;
  readonly manifest?: object;
  readonly configType?: string;
}

/** Answers itself and returns true, or leaves it to the registry. */
export type Intercept = (request: IncomingMessage, response: ServerResponse, number: number) => boolean;

/** Starts one; any repository name has the same content. */
export async function tinyRegistry(intercept: Intercept = () => false): Promise<TinyRegistry> {
  const blobs = new Map<string, Buffer>();
  const documents = new Map<string, { content: Buffer; mediaType: string; digest: string }>();
  const server = await serveHttp((request, response, number) => {
    if (intercept(request, response, number)) return;
    const [, kind, name = ""] = /\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? "") ?? [];
    const document = kind === "manifests" ? documents.get(name) : undefined;
    const blob = kind === "blobs" ? blobs.get(name) : undefined;
    if (document) {
      const { content, mediaType, digest } = document;
      response.writeHead(200, { "content-type": mediaType, "docker-content-digest": digest });
      response.end(content);
    } else if (blob) sendFile(request, response, blob);
    else refuse(response, 404, kind === "blobs" ? "BLOB_UNKNOWN" : "MANIFEST_UNKNOWN");
  });
  const registry: TinyRegistry = {
    ...server,
    asked: () =>
      server.requests.map(
        ({ method, path }) => `${method} ${path.replace(/^\/v2\/.*\/(?=\w+\/[^/]+$)/, "")}`,
      ),
    blob: (content, mediaType = TYPES.layer) => {
      const bytes = Buffer.from(content);
      const digest = digestOf(bytes);
      blobs.set(digest, bytes);
      return { mediaType, digest, size: bytes.length };
    },
    document: (value, { tag, mediaType, algorithm } = {}) => {
      const content = Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
      const type = mediaType ?? (value as { mediaType?: string }).mediaType ?? TYPES.manifest;
      const digest = digestOf(content, algorithm);
      for (const name of [digest, ...(tag ? [tag] : [])])
        documents.set(name, { content, mediaType: type, digest });
      return { mediaType: type, digest, size: content.length };
    },
    image: (options = {}) => putImage(registry, options),
  };
  return registry;
}

/** Answers as registries do. */
export function refuse(response: ServerResponse, status: number, code: string, message = code): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}

function putImage(registry: TinyRegistry, options: TinyImage): ReturnType<TinyRegistry["image"]> {
  const { tag, layers = [Buffer.from("a layer")], architecture = hostArchitecture() } = options;
  const packed = layers.map((layer) => registry.blob(gzipSync(layer)));
  const rootfs = { type: "layers", diff_ids: layers.map((layer) => digestOf(layer)) };
  const configuration = { os: "linux", architecture, config: {}, rootfs, ...options.config };
  const config = registry.blob(JSON.stringify(configuration), options.configType ?? TYPES.config);
  const base = { schemaVersion: 2, mediaType: TYPES.manifest, config, layers: packed };
  const put = registry.document({ ...base, ...options.manifest }, tag ? { tag } : {});
  return { ...put, layers: packed, config };
}
