import { rename } from "node:fs/promises";
import { join } from "node:path";
import { type Layout, namesIn, removeTree, statIfExists } from "../system/index.ts";

const SUFFIX = ".damaged";

/**
 * Puts damaged disks and kernels out of the way, so that they are made again. When it is disposed, those that were not
 * come back: a damaged one may still hold what somebody needs. The caller holds a lease until then.
 */
export async function setAside(layout: Layout, paths: readonly string[]): Promise<AsyncDisposable> {
  const aside: string[] = [];
  for (const path of paths) {
    if (!(await statIfExists(path))) continue;
    await removeTree(path + SUFFIX, { within: layout.home });
    await rename(path, path + SUFFIX);
    aside.push(path);
  }
  const end = async () => {
    for (const path of aside) await settle(layout, path);
  };
  return { [Symbol.asyncDispose]: end };
}

/** The same for what a repair had put aside when it was killed. The caller holds `lockBoxes`, and there is no lease. */
export async function settleSetAside(layout: Layout): Promise<void> {
  for (const folder of [layout.disks(), layout.artefacts("kernel")]) {
    for (const name of await namesIn(folder))
      if (name.endsWith(SUFFIX)) await settle(layout, join(folder, name.slice(0, -SUFFIX.length)));
  }
}

async function settle(layout: Layout, path: string): Promise<void> {
  if (await statIfExists(path)) await removeTree(path + SUFFIX, { within: layout.home });
  else if (await statIfExists(path + SUFFIX)) await rename(path + SUFFIX, path);
}
