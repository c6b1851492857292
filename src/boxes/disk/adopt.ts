import { join } from "node:path";
import { ensureFolder, type Layout } from "../../system/index.ts";
import type { BuildContext } from "../artefact.ts";
import type { BoxContent, BoxLayer } from "../box.ts";
import { findInit, importTree } from "../layer/index.ts";
import { adaptations } from "./adapt.ts";
import { writeChanges } from "./adapt-tree.ts";
import { keepKernel } from "./box-kernel.ts";
import { treeAt } from "./inside.ts";
import { openMounts } from "./mounts.ts";

/** What a tree of somebody else's is made into a box with. */
export interface AdoptRequest extends BuildContext {
  /** Who logs in. */
  readonly user: string;
  /** A folder on the store's file system, not there yet or empty. */
  readonly scratch: string;
}

/**
 * What a box is whose tree was a whole system's: that tree's layer as it was, and where it has an init, a small layer
 * over it that keeps the system from looking for its disks, its network and its identity, and its own kernel.
 * @throws BothyError `DISK_FULL`, `INTERRUPTED`, `TOOL_MISSING`, `NOT_ROOT`.
 */
export async function adopt(layout: Layout, base: BoxLayer, request: AdoptRequest): Promise<BoxContent> {
  const { user, scratch, signal, report } = request;
  const init = await findInit(layout, [base]);
  const content = { layers: [base], user, environment: {}, labels: {} };
  if (init === undefined) return content;
  await ensureFolder(scratch, 0o700);
  await using space = await openMounts(layout, signal);
  const place = await space.place("box");
  await space.mount("-t", "erofs", "-o", "ro,loop,nosuid,nodev,noexec", layout.layer(base.digest), place);
  const tree = treeAt(space.outside(place));
  const changes = await adaptations(tree, user);
  const layers = [base];
  if (changes.length > 0) {
    report?.("keeping its disks, network and identity from fighting with ours");
    await writeChanges(changes, tree, join(scratch, "changes"));
    layers.push(await importTree(layout, join(scratch, "changes"), { signal }));
  }
  const kernel = await keepKernel(layout, { tree, place, space, scratch, signal, report });
  return { ...content, layers, init, ...(kernel ? { kernel } : {}) };
}
