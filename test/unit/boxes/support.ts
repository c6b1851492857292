import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Box, type BoxContent, describeBox } from "../../../src/boxes/box.ts";
import type { TreeMaker } from "../../../src/boxes/index.ts";
import { packTree } from "../../../src/boxes/index.ts";
import { admitLayer } from "../../../src/boxes/layers.ts";
import { saveBox } from "../../../src/boxes/store.ts";
import { CommandError, ensureFolder, type Layout } from "../../../src/system/index.ts";

/** Puts a small real box with one layer per text into the store. */
export async function putBox(layout: Layout, name: string, texts: readonly string[]): Promise<Box> {
  const layers = await Promise.all(texts.map((text) => putLayer(layout, text)));
  const box = describeBox(name, content(layers), undefined);
  await saveBox(layout, box);
  return box;
}

/** A box's content with these layers and nothing special. */
export function content(layers: BoxContent["layers"]): BoxContent {
  return { layers, user: "bothy", environment: { LANG: "C.UTF-8" }, labels: {} };
}

async function putLayer(layout: Layout, text: string): Promise<BoxContent["layers"][number]> {
  const folder = join(layout.temporary(), `tree-${text}`);
  await ensureFolder(folder);
  await writeFile(join(folder, "file"), text);
  const image = join(layout.temporary(), `${text}.erofs`);
  const digest = await packTree(folder, image, { epoch: 1_000_000_000 });
  const layer = { digest, sizeBytes: (await stat(image)).size };
  await admitLayer(layout, image, layer);
  return layer;
}

/** A maker of tiny trees that counts what it makes; `delayMs` makes room for a second caller. */
export function stubMaker(options: { key?: string; delayMs?: number; fail?: Error } = {}) {
  const made: string[] = [];
  const maker: TreeMaker = {
    readInputs: async () => ({ key: (options.key ?? "a").repeat(64), epoch: 1_000_000_000, sources: [] }),
    makeTree: async ({ tree, signal }) => {
      made.push(tree);
      await mkdir(tree);
      await writeFile(join(tree, "file"), options.key ?? "a");
      await new Promise((resolve) => setTimeout(resolve, options.delayMs ?? 0));
      signal?.throwIfAborted();
      if (options.fail) throw options.fail;
      return 1_000_000_000;
    },
  };
  return { maker, made };
}

/** The error of a program that ended with code 1 after saying this. */
export function failedProgram(stderr: string): CommandError {
  const result = { exitCode: 1, signal: undefined, stdout: "", stderr, durationMs: 1 };
  return new CommandError({ ...result, command: "mmdebstrap" }, "failed with exit code 1");
}
