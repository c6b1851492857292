import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Layout, namesIn, tryLock } from "../system/index.ts";
import { lockBoxes } from "./store.ts";

const PREFIX = "import-";

/**
 * Keeps every layer and download of the store until disposed, those included that no box names yet. Held from before
 * an import looks for layers that are there until its box is saved. Many may hold one.
 */
export async function leaseLayers(layout: Layout, signal?: AbortSignal): Promise<AsyncDisposable> {
  await using _held = await lockBoxes(layout, signal); // nobody is removing layers right now
  for (let number = 0; ; number++) {
    const path = layout.lock(`${PREFIX}${process.pid}-${number}`);
    const lease = await tryLock(path);
    if (lease) return { [Symbol.asyncDispose]: () => end(path, lease) };
  }
}

/** Whether an import may need layers or downloads that no box names. The caller holds `lockBoxes`. */
export async function areLayersLeased(layout: Layout): Promise<boolean> {
  const folder = dirname(layout.lock(PREFIX));
  for (const name of (await namesIn(folder)).filter((each) => each.startsWith(PREFIX))) {
    const path = join(folder, basename(name));
    await using held = await tryLock(path);
    if (!held) return true;
    await rm(path, { force: true }); // a killed import's
  }
  return false;
}

async function end(path: string, lease: AsyncDisposable): Promise<void> {
  await rm(path, { force: true });
  await lease[Symbol.asyncDispose]();
}
