import { join } from "node:path";
import { ensureFolder, type Layout, removeTree } from "../system/index.ts";

/** A folder of one build's own. */
export interface Workspace extends AsyncDisposable {
  readonly folder: string;
}

/**
 * A temporary folder in the store, gone when disposed. The caller holds the lock of that `name`, so what
 * a killed build left under it can be removed first; `gc` removes it as well while that lock is free.
 */
export async function workspace(layout: Layout, name: string): Promise<Workspace> {
  const folder = join(layout.temporary(), name);
  const remove = () => removeTree(folder, { within: layout.temporary() });
  await remove();
  await ensureFolder(folder, 0o700);
  return { folder, [Symbol.asyncDispose]: remove };
}
