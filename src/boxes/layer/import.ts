import { mkdtemp, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { BothyError } from "../../errors.ts";
import { CommandError, ensureFolder, explainFullDisk, type Layout, removeTree } from "../../system/index.ts";
import type { BoxLayer } from "../box.ts";
import { digestOfFile, digestOfText } from "../digest.ts";
import { type PackOptions, packTree } from "../image.ts";
import { admitLayer } from "../layers.ts";
import { uuidOf } from "../superblock.ts";
import { ErofsWriter } from "./erofs/writer.ts";
import { finishTree } from "./finish.ts";
import { findLayer, rememberLayer } from "./known.ts";
import { MergedLayers } from "./merged.ts";
import { digestOfAnswers } from "./questions.ts";
import { readLayer } from "./read-layer.ts";
import { explainRefusal } from "./refusal.ts";
import { Turn } from "./turn.ts";
import type { LayerOptions, TarInput } from "./types.ts";

/**
 * Makes a layer of a tar and admits it to the store, or finds the one that was made of it before. All or nothing: after
 * an error nothing of it is kept. The caller holds `leaseLayers`. Several may import at once, the same tar too.
 * @throws BothyError `ARCHIVE_REFUSED` naming the entry, `CHECKSUM_MISMATCH` when it is another tar than `diffId` says,
 * `DISK_FULL`, `TOOL_MISSING`, `INTERRUPTED`; what the input's stream fails with.
 */
export async function importTar(layout: Layout, input: TarInput, options: LayerOptions): Promise<BoxLayer> {
  const { below, signal } = options;
  if (below instanceof Promise) below.catch(() => {}); // it may fail long before it is needed
  try {
    signal?.throwIfAborted();
    const { diffId } = input;
    const known = diffId === undefined ? undefined : await findLayer(layout, diffId, below);
    if (known) return known;
    await using turn = await Turn.take(layout, diffId, signal);
    const made = turn.hasWaited && diffId !== undefined ? await findLayer(layout, diffId, below) : undefined;
    return made ?? (await convert(layout, input, options, turn));
  } catch (error) {
    throw await explain(error, layout, input.title, signal);
  }
}

/** Packs a folder as one layer and admits it; `enter` as in `packTree`. The caller holds `leaseLayers`. */
export async function importTree(
  layout: Layout,
  folder: string,
  options: Pick<PackOptions, "enter" | "signal"> = {},
): Promise<BoxLayer> {
  await using scratch = await scratchFolder(layout);
  const image = join(scratch.folder, "layer.erofs");
  const digest = await packTree(folder, image, options);
  const layer = { digest, sizeBytes: (await stat(image)).size };
  await admitLayer(layout, image, layer);
  return layer;
}

async function convert(
  layout: Layout,
  input: TarInput,
  options: LayerOptions,
  turn: Turn,
): Promise<BoxLayer> {
  await using scratch = await scratchFolder(layout);
  const image = join(scratch.folder, "layer.erofs");
  await using writer = await ErofsWriter.create(image);
  const { diffId, tree, plan } = await readLayer(input, options, writer, scratch.folder);
  const below = plan.questions.length > 0 ? await turn.awaiting(options.below) : [];
  const known = turn.hasWaited || !input.diffId ? await findLayer(layout, diffId, below) : undefined;
  if (known) return known;
  await using merged = await MergedLayers.open(layout, below);
  const answers = await digestOfAnswers(merged, plan.questions);
  await finishTree(writer, tree, plan, merged);
  await writer.finish(uuidOf(digestOfText(`${diffId} ${answers}`)));
  const digest = await digestOfFile(image, options.signal);
  const layer = { digest, sizeBytes: (await stat(image)).size, diffId };
  await admitLayer(layout, image, layer);
  await rememberLayer(layout, layer, plan.questions, answers);
  return layer;
}

/** A folder of our own. Looks young as long as we live: `gc` takes old ones for those of killed processes. */
async function scratchFolder(layout: Layout): Promise<AsyncDisposable & { folder: string }> {
  await ensureFolder(layout.temporary());
  const folder = await mkdtemp(join(layout.temporary(), "layer-"));
  const touch = () => void utimes(folder, new Date(), new Date()).catch(() => {});
  const timer = setInterval(touch, 600_000).unref();
  return {
    folder,
    [Symbol.asyncDispose]: () => {
      clearInterval(timer);
      return removeTree(folder, { within: layout.temporary() });
    },
  };
}

async function explain(
  error: unknown,
  layout: Layout,
  title: string,
  signal?: AbortSignal,
): Promise<unknown> {
  if (signal?.aborted) {
    return new BothyError("INTERRUPTED", `unpacking \`${title}\` was interrupted; nothing of it was kept`, {
      cause: error,
    });
  }
  if (error instanceof CommandError) return explainFullDisk(error, join(layout.temporary(), "layer"));
  return explainRefusal(error, title);
}
