import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { hasErrno } from "../../errors.ts";
import { ensureFolder, type Layout, readIfExists, writeJson } from "../../system/index.ts";
import type { BoxLayer } from "../box.ts";
import { DIGEST } from "../digest.ts";
import { isSound } from "../layers.ts";
import { MergedLayers } from "./merged.ts";
import { digestOfAnswers, type Question } from "./questions.ts";
import type { Below } from "./types.ts";

const digest = z.string().regex(DIGEST);

/** `layers/index/DIFFID-DIGEST.json`: this layer was made of that tar. */
const entrySchema = z.object({
  version: z.literal(1),
  layer: z.object({ digest, sizeBytes: z.number().int().positive(), diffId: digest }),
  /** What the layer depends on beside its tar, and the digest of the answers it was made with. */
  questions: z.array(z.object({ about: z.enum(["hidden", "folder", "link"]), path: z.string() })),
  answers: z.string(),
});

type Entry = z.infer<typeof entrySchema>;

/**
 * The layer in the store that this tar would become over these layers: the same tar over others may become another,
 * where it leaves something to them. A promise of the layers is waited for only when an entry asks for them.
 * Entries whose layer is gone are removed.
 */
export async function findLayer(layout: Layout, diffId: string, below: Below): Promise<BoxLayer | undefined> {
  if (below instanceof Promise) below.catch(() => {}); // only heard where it is needed
  for (const name of await entryNames(layout)) {
    if (!name.startsWith(`${diffId}-`)) continue;
    const entry = await readEntry(layout, name);
    if (entry && (await fits(layout, entry, below))) return entry.layer;
  }
  return undefined;
}

/** Remembers which tar a layer was made of. The layer is in the store. */
export async function rememberLayer(
  layout: Layout,
  layer: BoxLayer & { readonly diffId: string },
  questions: readonly Question[],
  answers: string,
): Promise<void> {
  await ensureFolder(layout.layerIndex());
  const path = join(layout.layerIndex(), `${layer.diffId}-${layer.digest}.json`);
  await writeJson(path, { version: 1, layer, questions, answers });
}

/** Forgets which tars these layers were made of: for whoever removes them from the store. */
export async function removeIndexEntries(layout: Layout, digests: readonly string[]): Promise<void> {
  const gone = new Set(digests);
  for (const name of await entryNames(layout)) {
    const digest = /-([0-9a-f]{64})\.json$/.exec(name)?.[1];
    if (digest && gone.has(digest)) await rm(join(layout.layerIndex(), name), { force: true });
  }
}

async function entryNames(layout: Layout): Promise<string[]> {
  return readdir(layout.layerIndex()).catch((error: unknown) => {
    if (hasErrno(error, "ENOENT")) return [];
    throw error;
  });
}

async function readEntry(layout: Layout, name: string): Promise<Entry | undefined> {
  const path = join(layout.layerIndex(), name);
  const entry = parsed((await readIfExists(path)) ?? "");
  if (entry && (await isSound(layout, entry.layer))) return entry;
  await rm(path, { force: true }); // it can be made again, and would only mislead
  return undefined;
}

function parsed(text: string): Entry | undefined {
  try {
    return entrySchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function fits(layout: Layout, entry: Entry, below: Below): Promise<boolean> {
  if (entry.questions.length === 0) return true;
  await using merged = await MergedLayers.open(layout, await below);
  return (await digestOfAnswers(merged, entry.questions)) === entry.answers;
}
