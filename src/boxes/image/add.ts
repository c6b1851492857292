import { BothyError } from "../../errors.ts";
import { type Layout, lock } from "../../system/index.ts";
import { type Box, type BoxLayer, describeBox, MAX_LAYERS } from "../box.ts";
import { leaseLayers } from "../lease.ts";
import { normaliseBoxName } from "../name.ts";
import type { ImageSource } from "../oci/source.ts";
import { lockBoxes, saveBox } from "../store.ts";
import { findWhole } from "../whole.ts";
import { contentOfImage, historyOfImage } from "./content.ts";
import { importLayers } from "./import-layers.ts";
import type { ImageProgress } from "./layer-work.ts";

/** How an image is added; everything has a default. */
export interface AddImageOptions {
  readonly signal?: AbortSignal | undefined;
  /** Says what is being done, one line for a person. */
  readonly report?: ((line: string) => void) | undefined;
  /** Called often: with every chunk that comes. */
  readonly onProgress?: ((progress: ImageProgress) => void) | undefined;
  /** Makes the box anew even when the one in the store is of this image. */
  readonly force?: boolean | undefined;
  /** What the box says of where it came from, instead of the image's own words: a Dockerfile. */
  readonly origin?: NonNullable<Box["source"]> | undefined;
}

/** Others may fetch for hours. */
const PATIENCE_MS = 24 * 3_600_000;

/**
 * Makes a box of an image and puts it under this name; the one before serves until then. Does nothing when the store
 * has it already. The caller opened the source and disposes it.
 * All or nothing, except that layers and downloads stay for the next try. Several processes may ask for the same box:
 * one works, the others wait and find it.
 * @throws BothyError `IMAGE_INVALID`, `DISK_FULL`, `INTERRUPTED`, and as the source and the layers do.
 */
export async function addImage(
  layout: Layout,
  source: ImageSource,
  name: string,
  options: AddImageOptions = {},
): Promise<Box> {
  const key = normaliseBoxName(name);
  const { signal, report } = options;
  requireLayers(source);
  await using _alone = await lock(layout.lock(`image-${key}`), {
    signal,
    timeoutMs: PATIENCE_MS,
    onWait: (holder) =>
      report?.(
        `waiting for ${holder ? `process ${holder.pid}` : "another process"}, which adds the same box`,
      ),
  });
  const present = options.force ? undefined : await findAdded(layout, source, key, options.origin);
  if (present) {
    report?.("is there already");
    return present;
  }
  await using _lease = await leaseLayers(layout, signal);
  const layers = await importLayers(layout, source, options);
  return await save(layout, source, key, layers, options); // before the lock and the lease end
}

/** The box of that name if it is whole and made of this very image. */
export async function findAdded(
  layout: Layout,
  source: ImageSource,
  name: string,
  origin: NonNullable<Box["source"]> = originOf(source),
): Promise<Box | undefined> {
  const box = await findWhole(layout, name);
  return box?.source && isSame(box.source, origin) ? box : undefined;
}

async function save(
  layout: Layout,
  source: ImageSource,
  name: string,
  layers: readonly BoxLayer[],
  { signal, origin = originOf(source) }: AddImageOptions,
): Promise<Box> {
  const content = contentOfImage(source.config, layers);
  const box = describeBox(name, content, { source: origin, history: historyOfImage(source.config) });
  await using _held = await lockBoxes(layout, signal);
  await saveBox(layout, box);
  return box;
}

function originOf({ reference, manifest, platform }: ImageSource): NonNullable<Box["source"]> {
  const isLocal = /^(?:oci|oci-archive|docker-archive):/.test(reference);
  return isLocal ? { archive: reference, manifest } : { image: reference, manifest, platform };
}

/** Of an index all platforms have the same digest. */
function isSame(one: NonNullable<Box["source"]>, other: NonNullable<Box["source"]>): boolean {
  if (!("manifest" in one && "manifest" in other) || one.manifest !== other.manifest) return false;
  if (!("image" in one && "image" in other)) return "archive" in one && "archive" in other;
  return one.platform === other.platform;
}

function requireLayers({ reference, layers }: ImageSource): void {
  const many = layers.length;
  if (many === 0) {
    throw new BothyError(
      "IMAGE_INVALID",
      `\`${reference}\` has no layers: there is nothing to start a machine from`,
    );
  }
  if (many <= MAX_LAYERS) return;
  throw new BothyError(
    "IMAGE_INVALID",
    `\`${reference}\` has ${many} layers and ${MAX_LAYERS} are the most`,
    {
      hints: ["build it with fewer steps, or squash it: `buildah build --squash`"],
    },
  );
}
