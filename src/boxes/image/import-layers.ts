import { BothyError } from "../../errors.ts";
import type { Layout } from "../../system/index.ts";
import type { BoxLayer } from "../box.ts";
import { requireSpace } from "../download/index.ts";
import { findLayer } from "../layer/index.ts";
import type { Descriptor } from "../oci/schema.ts";
import type { ImageSource } from "../oci/source.ts";
import { diffIdOf, type ImageProgress, startLayers } from "./layer-work.ts";

/** How layers are brought into the store. */
export interface ImportOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called often: with every chunk that comes. */
  readonly onProgress?: ((progress: ImageProgress) => void) | undefined;
}

/** A blob and the layer made of it, which is packed less tightly. */
const ROOM_PER_BYTE = 3;

/**
 * The layers of an image, bottom first: those of the store, the others fetched and converted side by side. A layer
 * that is there is not fetched, whatever image it came with. The caller holds a lease.
 * When one fails the others end as well; what was fetched and what was converted stays for the next try.
 * @throws BothyError `DISK_FULL` before anything is fetched, `INTERRUPTED`, and as the source and the conversion do.
 */
export async function importLayers(
  layout: Layout,
  source: ImageSource,
  options: ImportOptions = {},
): Promise<BoxLayer[]> {
  const missing = await missingLayers(layout, source);
  const totalBytes = missing.reduce((sum, { size }) => sum + size, 0);
  if (totalBytes > 0) await requireSpace(layout.home, totalBytes * ROOM_PER_BYTE, source.reference);
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])]);
  const layers = startLayers({ layout, source, signal, totalBytes, onProgress: options.onProgress });
  const failures: unknown[] = [];
  for (const layer of layers) {
    layer.catch((error: unknown) => {
      failures.push(error); // the first is why the others end
      stop.abort();
    });
  }
  await Promise.allSettled(layers);
  if (failures.length === 0) return Promise.all(layers);
  if (options.signal?.aborted)
    throw new BothyError("INTERRUPTED", `adding ${source.reference} was interrupted`, {
      hints: ["run the same again: it goes on where it stopped"],
    });
  throw failures[0];
}

/** What has to be fetched. Above the first that is missing, a layer that only those below it can tell is assumed to be. */
async function missingLayers(layout: Layout, { config, layers }: ImageSource): Promise<Descriptor[]> {
  const below: BoxLayer[] = [];
  const missing = new Map<string, Descriptor>();
  for (const [index, descriptor] of layers.entries()) {
    const diffId = diffIdOf(config.rootfs.diff_ids[index] ?? "");
    const found =
      diffId &&
      (await findLayer(layout, diffId, missing.size === 0 ? below : untold()).catch(() => undefined));
    if (found) below.push(found);
    else missing.set(descriptor.digest, descriptor);
  }
  return [...missing.values()];
}

/** Layers of which nothing is known yet: whoever needs them fails. */
function untold(): Promise<never> {
  const layers = Promise.reject<never>(new Error("not told yet"));
  layers.catch(() => {});
  return layers;
}
