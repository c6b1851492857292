import { BothyError } from "../../errors.ts";
import type { Layout } from "../../system/index.ts";
import { parseImageConfig } from "../oci/documents.ts";
import {
  hostPlatform,
  type Platform,
  parsePlatform,
  platformMissing,
  platformText,
} from "../oci/platform.ts";
import type { Descriptor, ImageConfig, ImageManifest } from "../oci/schema.ts";
import type { ImageSource } from "../oci/source.ts";
import { blobStore } from "./blobs.ts";
import { chooseManifest } from "./choose.ts";
import type { RegistryClient } from "./client.ts";
import { ACCEPT, fetchDocument, inlineData, readWhole, verifyAnswer } from "./documents.ts";
import { failed, readRefusal } from "./failures.ts";
import { connect, type UseOptions, withFirst } from "./places.ts";
import { canonicalReference, familiarReference, type ImageReference, parseReference } from "./reference.ts";

/** How an image is opened. */
export interface OpenOptions extends UseOptions {
  /** `linux/arm64`; this host's by default. */
  readonly platform?: string | undefined;
}

/** What was read of an image, and the client that had it. */
type Read = Pick<ImageSource, "manifest" | "platform" | "config" | "layers"> & {
  readonly client: RegistryClient;
};

/**
 * Finds an image and reads its documents; layers are fetched when they are asked for. Its `manifest` is the digest that
 * the tag names: the index's, where there is one.
 * @throws BothyError `USAGE`, `IMAGE_UNKNOWN`, `IMAGE_INVALID`, `PLATFORM_MISSING`, `CHECKSUM_MISMATCH`,
 * `REGISTRY_UNREACHABLE`, `REGISTRY_DENIED`, `REGISTRY_FAILED`, `CREDENTIALS_INVALID`, `CONFIG_INVALID`.
 */
export async function openImage(
  layout: Layout,
  text: string,
  options: OpenOptions = {},
): Promise<ImageSource> {
  const reference = parseReference(text);
  const platform = options.platform ? parsePlatform(options.platform) : hostPlatform();
  return interruptible(text, options, async () => {
    const clients = await connect(reference, options);
    const found = await withFirst(clients, reference, options, (client) => read(client, reference, platform));
    const { client, ...image } = found;
    const ordered = [client, ...clients.filter((each) => each !== client)];
    const title = familiarReference(reference);
    return {
      ...image,
      reference: canonicalReference(reference),
      ...blobStore(layout, ordered, { title, signal: options.signal, clock: options.clock }),
    };
  });
}

/**
 * The digest that the tag names now (`sha256:...`), without fetching the image.
 * @throws as `openImage` does.
 */
export async function newestManifest(
  _layout: Layout,
  text: string,
  options: OpenOptions = {},
): Promise<string> {
  const reference = parseReference(text);
  return interruptible(text, options, async () => {
    const clients = await connect(reference, options);
    return withFirst(clients, reference, options, (client) => look(client, reference));
  });
}

async function look(client: RegistryClient, reference: ImageReference): Promise<string> {
  const image = familiarReference(reference);
  const path = `manifests/${reference.digest ?? reference.tag}`;
  const what = `the manifest of \`${image}\``;
  const answer = await client.ask({ path, what, method: "HEAD", headers: { accept: ACCEPT } });
  answer.body.destroy();
  const digest = answer.headers["docker-content-digest"];
  const isTold = typeof digest === "string" && /^sha(?:256|512):[0-9a-f]{64,128}$/.test(digest);
  if (answer.status === 200 && isTold) return digest;
  return (await fetchDocument(client, image, nameOf(reference))).digest; // it also says why there is none
}

async function read(client: RegistryClient, reference: ImageReference, wanted: Platform): Promise<Read> {
  const image = familiarReference(reference);
  const top = await fetchDocument(client, image, nameOf(reference));
  const { manifest, platform } = await chooseManifest(client, image, top, wanted);
  const config = await readConfig(client, image, manifest);
  const own = { os: config.os, architecture: config.architecture, variant: config.variant };
  const isOther = own.os !== wanted.os || own.architecture !== wanted.architecture;
  if (!platform && isOther) throw platformMissing(image, wanted, [platformText(own)]);
  const found = platformText(platform ?? own);
  return { client, manifest: top.digest, platform: found, config, layers: manifest.layers };
}

function nameOf({ digest, tag = "latest" }: ImageReference): { digest: string } | { tag: string } {
  return digest ? { digest } : { tag };
}

async function readConfig(
  client: RegistryClient,
  image: string,
  { config, layers }: ImageManifest,
): Promise<ImageConfig> {
  const bytes = config.data ? inlineData(image, config) : await fetchSmall(client, image, config);
  return parseImageConfig(bytes, layers, image);
}

async function fetchSmall(client: RegistryClient, image: string, descriptor: Descriptor): Promise<Buffer> {
  const what = `the configuration of \`${image}\``;
  const answer = await client.ask({ path: `blobs/${descriptor.digest}`, what });
  if (answer.status !== 200) throw failed(what, client.host, await readRefusal(answer));
  const bytes = await readWhole(answer, what, client);
  verifyAnswer(what, bytes, descriptor);
  return bytes;
}

async function interruptible<T>(text: string, { signal }: UseOptions, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (cause) {
    if (!signal?.aborted) throw cause;
    throw new BothyError("INTERRUPTED", `looking for \`${text}\` was interrupted`, { cause });
  }
}
