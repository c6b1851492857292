import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { BothyError } from "../../errors.ts";
import type { Layout } from "../../system/index.ts";
import { hostPlatform, parsePlatform } from "../oci/platform.ts";
import type { ImageSource } from "../oci/source.ts";
import { dockerImage } from "./docker-image.ts";
import { filesOfFolder, filesOfTar } from "./files.ts";
import { layoutImage } from "./layout-image.ts";
import type { ImageRequest } from "./request.ts";

/** How an image on this host is opened. */
export interface OpenOptions {
  /** `linux/arm64`; by default this host's. */
  readonly platform?: string | undefined;
  /** Where relative paths begin; by default the process's folder. */
  readonly cwd?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is understood of `KIND:PATH[:NAME]`. */
interface Place {
  readonly path: string;
  readonly name: string | undefined;
}

/**
 * Opens an image of an OCI layout, `DIR[:TAG]` with or without `oci:` before it. Its blobs are used where they lie.
 * @throws BothyError `IMAGE_UNKNOWN` naming the images there are, `IMAGE_INVALID`, `PLATFORM_MISSING`, `USAGE`.
 */
export async function openLayout(
  _layout: Layout,
  text: string,
  options: OpenOptions = {},
): Promise<ImageSource> {
  const place = await findPlace(text.replace(/^oci:/, ""), options.cwd, "folder");
  const files = filesOfFolder(place.path, place.path);
  return layoutImage(files, requestFor("oci", place, options));
}

/**
 * Opens an image of an archive, `FILE[:NAME]` with or without `docker-archive:` or `oci-archive:` before it: what
 * `docker save` writes, in its old form and its new one, or an OCI layout in a tar; plain or compressed.
 * @throws BothyError as `openLayout`, and `ARCHIVE_REFUSED` for what is no tar archive, `DISK_FULL`.
 */
export async function openArchive(
  layout: Layout,
  text: string,
  options: OpenOptions = {},
): Promise<ImageSource> {
  const place = await findPlace(text.replace(/^(?:docker|oci)-archive:/, ""), options.cwd, "file");
  const files = await filesOfTar(layout, place.path, options.signal);
  try {
    if ((await files.sizeOf("index.json")) !== undefined) {
      return await layoutImage(files, requestFor("oci-archive", place, options));
    }
    if ((await files.sizeOf("manifest.json")) !== undefined) {
      return await dockerImage(files, requestFor("docker-archive", place, options));
    }
    throw new BothyError("IMAGE_INVALID", `\`${place.path}\` holds no container image`, {
      hints: ["`docker save`, `podman save` and `skopeo copy` write archives of images"],
    });
  } catch (error) {
    await files[Symbol.asyncDispose]();
    throw error;
  }
}

/** A name may have colons itself and so may a path: the longest path that is there is meant. */
async function findPlace(text: string, cwd = ".", what: "file" | "folder"): Promise<Place> {
  for (let end = text.length; end > 0; end = text.lastIndexOf(":", end - 1)) {
    const path = resolve(cwd, text.slice(0, end));
    const stats = await stat(path).catch(() => undefined);
    if (what === "file" ? !stats?.isFile() : !stats?.isDirectory()) continue;
    return { path, name: text.slice(end + 1) || undefined };
  }
  throw new BothyError("USAGE", `there is no ${what} \`${resolve(cwd, text)}\``);
}

function requestFor(kind: string, { path, name }: Place, { platform }: OpenOptions): ImageRequest {
  return {
    reference: `${kind}:${path}${name === undefined ? "" : `:${name}`}`,
    name,
    platform: platform === undefined ? hostPlatform() : parsePlatform(platform),
  };
}
