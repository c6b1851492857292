import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { LayerFile } from "../layers.ts";
import { layerFolder, type Mounted } from "../mounted/index.ts";
import { imageLayer } from "./image-layer.ts";
import { treeTar } from "./tree-tar.ts";

/** A layer written as an image has it. */
export interface LayerBlob {
  readonly path: string;
  /** sha256 of the file, and of the tar in it; the same when it is not packed. */
  readonly digest: string;
  readonly diffId: string;
  readonly sizeBytes: number;
}

/** How a layer is written. */
export interface BlobOptions {
  readonly gzip: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Writes the layer that is mounted under that number to `path`; the same layer gives the same bytes. */
export async function writeLayerBlob(
  mounts: Mounted,
  index: number,
  path: string,
  { gzip, signal }: BlobOptions,
): Promise<LayerBlob> {
  const tar = treeTar(`${mounts.folder}/${layerFolder(index)}`, signal);
  const [plain, packed] = [counter(), counter()];
  const file = createWriteStream(path, { flags: "wx" });
  const chunks = plain.pass(imageLayer(tar.stream));
  const writing = gzip
    ? pipeline(chunks, createGzip({ level: 6 }), packed.pass, file, { signal })
    : pipeline(chunks, file, { signal });
  await Promise.all([writing, tar.done]);
  const [diffId, last] = [plain.digest(), gzip ? packed : plain];
  return { path, diffId, digest: gzip ? packed.digest() : diffId, sizeBytes: last.bytes };
}

/** What layers are called in progress lines. */
export function layerTitle(index: number, layers: readonly LayerFile[]): string {
  return `writing layer ${index + 1} of ${layers.length}`;
}

function counter() {
  const hash = createHash("sha256");
  const count = {
    bytes: 0,
    digest: () => hash.digest("hex"),
    async *pass(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        hash.update(chunk);
        count.bytes += chunk.length;
        yield chunk;
      }
    },
  };
  return count;
}
