import { BothyError } from "../errors.ts";
import { type Layout, statIfExists } from "../system/index.ts";
import type { Box } from "./box.ts";
import { readBox } from "./entries.ts";
import { findKernelOf } from "./kernel.ts";
import { resolveLayers } from "./layers.ts";

/**
 * The box of exactly that name if everything of it is there: metadata, layers, disk and kernel. One that is damaged is
 * `undefined` as one that is absent: making it again is the cure for both.
 */
export async function findWhole(layout: Layout, name: string): Promise<Box | undefined> {
  try {
    const box = await readBox(layout, name);
    if (!box) return undefined;
    await resolveLayers(layout, box);
    return (await isDiskThere(layout, box)) &&
      (!box.kernel || (await findKernelOf(layout, box.kernel.digest)))
      ? box
      : undefined;
  } catch (error) {
    if (error instanceof BothyError) return undefined;
    throw error;
  }
}

async function isDiskThere(layout: Layout, { disk }: Box): Promise<boolean> {
  return !disk || (await statIfExists(layout.disk(disk.digest)))?.size === disk.sizeBytes;
}
