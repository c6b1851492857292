import { BothyError, messageOf } from "../../errors.ts";
import { type HttpAnswer, readBody } from "../download/index.ts";
import { digestOf, verifyBytes } from "../oci/digest.ts";
import { kindOfMediaType, parseIndex } from "../oci/documents.ts";
import { type Descriptor, type ImageIndex, MEDIA_TYPES } from "../oci/schema.ts";
import type { RegistryClient } from "./client.ts";
import { failed, readRefusal, tooLong } from "./failures.ts";
import { unknownImage } from "./unknown.ts";

/** A manifest or an index as a registry has it; its bytes were verified. */
export type Fetched = { readonly digest: string; readonly mediaType: string } & (
  | { readonly kind: "index"; readonly index: ImageIndex }
  | { readonly kind: "manifest"; readonly bytes: Buffer }
);

/** As much of a descriptor as is known: nothing more than a tag for the first document. */
export type Wanted = Pick<Descriptor, "digest"> & Partial<Descriptor>;

/** The specification lets registries refuse larger ones than 4 MiB. */
const LIMIT_BYTES = 8 << 20;
export const ACCEPT = [...MEDIA_TYPES.manifest, ...MEDIA_TYPES.index].join(", ");
/** What servers that know nothing of images say of everything. */
const GENERIC = ["", "application/json", "application/octet-stream", "text/plain"];

/**
 * Fetches a manifest or an index by tag or descriptor.
 * @throws BothyError `IMAGE_UNKNOWN`, `IMAGE_INVALID`, `CHECKSUM_MISMATCH`, and what the client throws.
 */
export async function fetchDocument(
  client: RegistryClient,
  image: string,
  wanted: { readonly tag: string } | Wanted,
): Promise<Fetched> {
  if ("digest" in wanted && wanted.data) return read(image, inlineData(image, wanted as Descriptor), wanted);
  const name = "digest" in wanted ? wanted.digest : wanted.tag;
  const what = `the manifest of \`${image}\``;
  const answer = await client.ask({ path: `manifests/${name}`, what, headers: { accept: ACCEPT } });
  if (answer.status === 404) throw await unknownImage(client, image, name, await readRefusal(answer));
  if (answer.status !== 200) throw failed(what, client.host, await readRefusal(answer));
  const bytes = await readWhole(answer, what, client);
  const told = answer.headers["docker-content-digest"];
  const digest = "digest" in wanted ? wanted.digest : digestFor(told);
  const promise = { ...("digest" in wanted ? wanted : {}), digest: digest ?? digestOf(bytes) };
  return read(image, bytes, promise, mediaTypeOf(answer));
}

/** The content that a descriptor carries itself. @throws BothyError `CHECKSUM_MISMATCH` when it is another. */
export function inlineData(image: string, descriptor: Descriptor): Buffer {
  const bytes = Buffer.from(descriptor.data ?? "", "base64");
  verifyAnswer(`${image}: what the manifest carries`, bytes, descriptor);
  return bytes;
}

/** @throws BothyError `CHECKSUM_MISMATCH` unless the bytes have the size, if it is known, and the digest. */
export function verifyAnswer(what: string, bytes: Buffer, wanted: Wanted): void {
  verifyBytes(what, bytes, wanted, "it was not used: the registry, or a proxy before it, is damaged or lies");
}

/** The whole body; verified by the caller. */
export async function readWhole(answer: HttpAnswer, what: string, client: RegistryClient): Promise<Buffer> {
  if (Number(answer.headers["content-length"] ?? 0) > LIMIT_BYTES) {
    answer.body.destroy();
    throw tooLong(what, client.host, LIMIT_BYTES);
  }
  return readBody(answer, LIMIT_BYTES).catch((error: unknown) => {
    if (error instanceof BothyError) throw tooLong(what, client.host, LIMIT_BYTES);
    const message = `${client.host}: ${what} ended early: ${messageOf(error)}`;
    throw new BothyError("DOWNLOAD_FAILED", message, { hints: ["try again"], cause: error });
  });
}

function read(image: string, bytes: Buffer, promise: Wanted, served = promise.mediaType ?? ""): Fetched {
  verifyAnswer(`the manifest of ${image}`, bytes, promise);
  const mediaType = typeOf(image, parseJson(image, "the manifest", bytes), served);
  const { digest } = promise;
  return kindOfMediaType(mediaType) === "index"
    ? { digest, mediaType, kind: "index", index: parseIndex(bytes, image) }
    : { digest, mediaType, kind: "manifest", bytes };
}

/** A document that could be read as two kinds of thing is refused: somebody may have been shown the other one. */
function typeOf(image: string, document: unknown, served: string): string {
  const { mediaType, schemaVersion, ...rest } = (document ?? {}) as Record<string, unknown>;
  if (schemaVersion === 1 || served.includes("docker.distribution.manifest.v1+")) {
    throw new BothyError(
      "IMAGE_INVALID",
      `${image}: the registry has it in Docker's format of 2014 (schema 1)`,
      {
        hints: ["push it again with a current tool: skopeo copy docker://OLD docker://NEW"],
      },
    );
  }
  const isGeneric = GENERIC.includes(served);
  if (typeof mediaType === "string" && !isGeneric && mediaType !== served) {
    const message = `${image}: the registry serves its manifest as \`${served}\`, and it says \`${mediaType}\``;
    throw new BothyError("IMAGE_INVALID", message);
  }
  const [index = "", manifest = ""] = [MEDIA_TYPES.index[0], MEDIA_TYPES.manifest[0]];
  const guessed = "manifests" in rest ? index : manifest;
  const type = typeof mediaType === "string" ? mediaType : isGeneric ? guessed : served;
  const isBoth = "manifests" in rest && ("layers" in rest || "config" in rest);
  if (!isBoth && kindOfMediaType(type)) return type;
  const why = isBoth ? "is an index and a manifest at once" : `is of the unknown type \`${type}\``;
  throw new BothyError("IMAGE_INVALID", `${image}: its manifest ${why}`);
}

function mediaTypeOf({ headers }: HttpAnswer): string {
  return (headers["content-type"] ?? "").replace(/;.*/, "").trim().toLowerCase();
}

/** The header counts where it is a digest that we can verify. */
function digestFor(told: string | string[] | undefined): string | undefined {
  return typeof told === "string" && /^sha(?:256|512):[0-9a-f]+$/.test(told) ? told : undefined;
}

function parseJson(image: string, what: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new BothyError("IMAGE_INVALID", `${image}: ${what} is no JSON`, { cause });
  }
}
