import { readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { BothyError } from "../../../errors.ts";
import { CommandError, debug, ensureFolder, type Layout, run, statIfExists } from "../../../system/index.ts";
import type { LayerFile } from "../../provider.ts";
import { rmdirIfEmpty } from "../host/index.ts";

/** More would only fight for loop devices. */
const MOUNTS_AT_ONCE = 8;

/**
 * Mounts the layers that are not mounted yet, each once for the whole host, so that all machines share their
 * pages. Call it under the store's layer lock.
 * @throws BothyError `LAYER_DAMAGED` when a file is missing or is no EROFS image.
 */
export async function mountLayers(layout: Layout, layers: readonly LayerFile[]): Promise<void> {
  const mounted = await mountedBelow(layout.layerMounts());
  const distinct = new Map(layers.map((layer) => [layer.digest, layer]));
  const waiting = [...distinct.values()];
  const work = async () => {
    for (let layer = waiting.shift(); layer; layer = waiting.shift()) {
      if (!(await statIfExists(layer.path))?.isFile()) throw damaged(layer, "its file is missing");
      if (!mounted.has(layer.digest)) await mountLayer(layout, layer);
    }
  };
  await Promise.all(Array.from({ length: MOUNTS_AT_ONCE }, work));
}

/** Makes links `0` (bottom), `1`, ... to mounted layers: overlayfs has one page for the names of all. */
export async function linkLayers(
  layout: Layout,
  folder: string,
  layers: readonly LayerFile[],
): Promise<void> {
  await Promise.all(
    layers.map(({ digest }, index) => symlink(layout.layerMount(digest), join(folder, String(index)))),
  );
}

/** Unmounts every layer of the store that is not in `used`. Call it under the store's layer lock. */
export async function unmountUnused(layout: Layout, used: ReadonlySet<string>): Promise<void> {
  const top = layout.layerMounts();
  const mounted = [...(await mountedBelow(top))].filter((digest) => !used.has(digest));
  if (mounted.length > 0) {
    // one that somebody looks into stays busy; whoever stops the next machine tries again
    const result = run(["umount", "--", ...mounted.map((digest) => join(top, digest))]);
    await result.catch((error: unknown) => debug(`layers stay mounted: ${error}`));
  }
  const folders = await readdir(top).catch(() => []);
  await Promise.all(folders.filter((name) => !used.has(name)).map((name) => rmdirIfEmpty(join(top, name))));
}

/** Names of the mount points directly below a folder. */
async function mountedBelow(folder: string): Promise<Set<string>> {
  const names = new Set<string>();
  for (const line of (await readFile("/proc/self/mountinfo", "utf8")).split("\n")) {
    const path = decodeOctal(line.split(" ")[4] ?? "");
    if (path.startsWith(`${folder}/`)) names.add(path.slice(folder.length + 1));
  }
  return names;
}

/** The kernel writes blanks and backslashes of a path as three octal digits. */
function decodeOctal(path: string): string {
  return path.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

async function mountLayer(layout: Layout, layer: LayerFile): Promise<void> {
  const target = layout.layerMount(layer.digest);
  await ensureFolder(target);
  try {
    await run(["mount", "-t", "erofs", "-o", "ro,loop", "--", layer.path, target]);
  } catch (error) {
    if (error instanceof CommandError) throw damaged(layer, error.result.stderr.trim(), error);
    throw error;
  }
}

function damaged(layer: LayerFile, why: string, cause?: unknown): BothyError {
  return new BothyError("LAYER_DAMAGED", `the layer ${layer.path} cannot be mounted: ${why}`, {
    hints: ["`bothy box build NAME` makes the box's layers again"],
    cause,
  });
}
