import { open } from "node:fs/promises";
import { BothyError } from "../../errors.ts";
import type { Layout } from "../../system/index.ts";
import type { BoxLayer } from "../box.ts";
import { findLayer, importTar } from "../layer/index.ts";
import type { Descriptor } from "../oci/schema.ts";
import type { ImageSource } from "../oci/source.ts";
import { gate, slots } from "./slots.ts";

/** How far the layers of an image have come. */
export interface ImageProgress {
  /** Layers that the store has by now, and how many there are. */
  readonly done: number;
  readonly layers: number;
  /** What was fetched of what has to be. */
  readonly bytes: number;
  readonly totalBytes: number;
}

/** The import of one image's layers. */
export interface LayerWork {
  readonly layout: Layout;
  readonly source: ImageSource;
  readonly signal: AbortSignal;
  readonly totalBytes: number;
  readonly onProgress?: ((progress: ImageProgress) => void) | undefined;
}

/** One layer among them. */
interface Layer {
  readonly title: string;
  readonly descriptor: Descriptor;
  readonly diffId: string | undefined;
  readonly below: Promise<readonly BoxLayer[]>;
}

const DOWNLOADS_AT_ONCE = 3;
const CONVERSIONS_AT_ONCE = 2;

/**
 * Begins with all layers of an image and returns what will become of each, bottom first. Conversions begin bottom
 * first as well, so that one that waits for those below it never keeps them from going on.
 */
export function startLayers(work: LayerWork): Promise<BoxLayer>[] {
  const { source } = work;
  const fetching = slots(DOWNLOADS_AT_ONCE);
  const converting = slots(CONVERSIONS_AT_ONCE);
  const count = counter(work);
  const started: Promise<BoxLayer>[] = [];
  let before = gate();
  before.open();
  for (const [index, descriptor] of source.layers.entries()) {
    const turn = before;
    const next = gate();
    const layer = layerOf(source, index, Promise.all(started));
    const make = async () => {
      const path = await fetching.use(() => fetchBlob(work, layer, count.bytes));
      await turn.opened;
      return converting.use(() => {
        next.open();
        return convert(work, layer, path);
      });
    };
    const twin = started[source.layers.findIndex(({ digest }) => digest === descriptor.digest)];
    started.push(findOrMake(work, layer, twin, make).then(count.layer).finally(next.open));
    before = next;
  }
  return started;
}

/** The digest that layers are known by: sha256, in hex. Those named by another are converted anew each time. */
export function diffIdOf(digest: string): string | undefined {
  return digest.startsWith("sha256:") ? digest.slice("sha256:".length) : undefined;
}

function layerOf({ reference, config, layers }: ImageSource, index: number, below: Layer["below"]): Layer {
  below.catch(() => {}); // who needs them hears of it
  const descriptor = layers[index];
  const diffId = config.rootfs.diff_ids[index];
  if (!descriptor || !diffId) throw new Error(`${reference} has no layer ${index}`);
  return { title: `${reference}, layer ${index + 1}`, descriptor, diffId: diffIdOf(diffId), below };
}

/** From the store if it is there, also when a layer below with the same bytes has just put it there. */
async function findOrMake(
  { layout }: LayerWork,
  { diffId, below }: Layer,
  twin: Promise<BoxLayer> | undefined,
  make: () => Promise<BoxLayer>,
): Promise<BoxLayer> {
  await twin;
  const found = diffId === undefined ? undefined : await findLayer(layout, diffId, below);
  return found ?? make();
}

async function fetchBlob(
  { source, signal }: LayerWork,
  { descriptor, title }: Layer,
  onBytes: (bytes: number) => void,
): Promise<string> {
  if (signal.aborted) throw new BothyError("INTERRUPTED", `fetching ${title} was interrupted`);
  return source.blob(descriptor, { signal, onBytes });
}

async function convert(
  { layout, source, signal }: LayerWork,
  { title, diffId, below, descriptor }: Layer,
  path: string,
): Promise<BoxLayer> {
  if (signal.aborted) throw new BothyError("INTERRUPTED", `unpacking ${title} was interrupted`);
  const read = async () => (await open(path)).createReadStream({ highWaterMark: 1 << 20 });
  const layer = await importTar(layout, { title, diffId, open: read }, { below, signal });
  await source.forget(descriptor);
  return layer;
}

/** Adds up what came and tells. */
function counter({ source, totalBytes, onProgress }: LayerWork) {
  const layers = source.layers.length;
  const sum = { done: 0, bytes: 0 };
  const tell = () => onProgress?.({ ...sum, layers, totalBytes: Math.max(totalBytes, sum.bytes) });
  return {
    bytes: (more: number) => {
      sum.bytes += more;
      tell();
    },
    layer: (layer: BoxLayer) => {
      sum.done++;
      tell();
      return layer;
    },
  };
}
