import { createReadStream } from "node:fs";
import { BothyError } from "../errors.ts";
import type { Layout } from "../system/index.ts";
import type { Box } from "./box.ts";
import type { importTar as ImportTar } from "./layer/index.ts";
import { leaseLayers } from "./lease.ts";
import type { ImageSource } from "./oci/source.ts";

/** How layers are fetched again. */
export interface RepairOptions {
  readonly signal?: AbortSignal | undefined;
  /** Says what is being done, one line for a person. */
  readonly report?: ((line: string) => void) | undefined;
}

/**
 * Fetches the damaged layers of a box again from where its image is, base first. Only the same bytes come back: a layer
 * is named by what it holds, so machines that stand on it have it back as well.
 * @throws BothyError `LAYER_DAMAGED` when the image does not give that layer any more, or as fetching and converting do.
 */
export async function repairLayers(
  layout: Layout,
  box: Box,
  damaged: ReadonlySet<string>,
  source: ImageSource,
  options: RepairOptions = {},
): Promise<void> {
  await using _lease = await leaseLayers(layout, options.signal);
  const { importTar, removeIndexEntries } = await import("./layer/index.ts"); // most commands do without
  await removeIndexEntries(layout, [...damaged]); // or the damaged ones would be found
  for (const [index, layer] of box.layers.entries()) {
    if (!damaged.has(layer.digest)) continue;
    options.report?.(`fetching layer ${index + 1} of ${box.layers.length}`);
    await repairLayer(layout, box, index, source, { importTar, signal: options.signal });
  }
}

async function repairLayer(
  layout: Layout,
  box: Box,
  index: number,
  source: ImageSource,
  { importTar, signal }: { importTar: typeof ImportTar; signal: AbortSignal | undefined },
): Promise<void> {
  const { digest, diffId } = box.layers[index] ?? {};
  const place = source.config.rootfs.diff_ids.indexOf(`sha256:${diffId}`);
  const descriptor = source.layers[place];
  if (!descriptor) throw notGiven(box, `${source.reference} has no such layer`);
  const blob = await source.blob(descriptor, { signal });
  const again = await importTar(
    layout,
    { title: `${source.reference}, layer ${place + 1}`, diffId, open: async () => createReadStream(blob) },
    { below: box.layers.slice(0, index), signal },
  );
  await source.forget(descriptor);
  if (again.digest !== digest)
    throw notGiven(box, "this erofs-utils packs the same content into other bytes");
}

function notGiven({ name }: Box, why: string): BothyError {
  return new BothyError("LAYER_DAMAGED", `a layer of the box \`${name}\` cannot be had again: ${why}`, {
    hints: [`add the box anew and make its machines again: bothy box update ${name}`],
  });
}
