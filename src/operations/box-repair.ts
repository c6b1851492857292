import { rename, rm } from "node:fs/promises";
import { buildDockerfile } from "../boxes/dockerfile/index.ts";
import { addFile } from "../boxes/file/index.ts";
import { type Box, type Damage, leaseLayers, removeBox, repairLayers } from "../boxes/index.ts";
import { removeIndexEntries } from "../boxes/layer/index.ts";
import { parseChecksum } from "../boxes/vagrant/index.ts";
import { BothyError } from "../errors.ts";
import { statIfExists } from "../system/index.ts";
import { openOrigin } from "./box-source.ts";
import { boxUsers } from "./box-users.ts";
import type { Context } from "./context.ts";
import type { Progress } from "./reporter.ts";

type Source = NonNullable<Box["source"]>;

/**
 * Gets the damaged files of a box again from where it came from. Only the same bytes take their places: files are named
 * by what they hold. The caller looks whether that was so.
 * @throws BothyError `LAYER_DAMAGED` where bothy cannot do it, or as fetching and building do.
 */
export async function repairBox(
  ctx: Context,
  box: Box,
  damage: readonly Damage[],
  progress: Progress,
): Promise<void> {
  const { source } = box;
  const damaged = damage.map(({ digest }) => digest);
  const report = (line: string) => progress.report(line);
  if (source && ("image" in source || "archive" in source)) {
    await using image = await openOrigin(ctx, source, { pinned: true, progress });
    await repairLayers(ctx.layout, box, new Set(damaged), image, { signal: ctx.signal, report });
    return;
  }
  const make = source && remaker(ctx, source, report);
  if (!make)
    throw new BothyError("LAYER_DAMAGED", "it cannot be fetched again as it was", { hints: wayOn(box) });
  await remake(ctx, box, damaged, make);
}

/** What to do when a box cannot be repaired. */
export function wayOn({ name, source }: Box): string[] {
  const anew =
    "where that gives other bytes, restore the file from a backup, or make the box's machines anew";
  if (!source || "machine" in source) return ["restore the file from a backup, or remove the box"];
  if ("recipe" in source) return [`bothy box build --force ${name}`, anew];
  if ("context" in source) return [`bothy box add --force --name ${name} ${source.context}`, anew];
  if ("file" in source)
    return [`bothy box add --force --name ${name} ${source.catalog ?? source.file}`, anew];
  return [`bothy box update ${name}`, anew];
}

/** What makes a box of the same origin under another name. */
function remaker(
  { layout, signal, cwd }: Context,
  source: Source,
  report: (line: string) => void,
): ((name: string) => Promise<unknown>) | undefined {
  if ("context" in source) {
    const { inputs: _, ...spec } = source;
    return (name) => buildDockerfile(layout, spec, { name, signal, report });
  }
  if (!("file" in source)) return undefined;
  const [algorithm, hex] = (source.checksum ?? "").split(":");
  const checksum = hex ? parseChecksum(hex, algorithm) : undefined;
  return (name) => addFile(layout, source.file, { name, checksum, force: true, cwd, signal, report });
}

/** What comes out the same way takes its place in the store, and the rest is removed again. */
async function remake(
  ctx: Context,
  box: Box,
  damaged: readonly string[],
  make: (name: string) => Promise<unknown>,
): Promise<void> {
  const { layout, signal } = ctx;
  const name = `repair/${box.digest.slice(0, 12)}`;
  {
    await using _lease = await leaseLayers(layout, signal);
    await removeIndexEntries(layout, damaged); // or the damaged ones would be found
    await using _disk = await setAside(ctx, box);
    await make(name);
  }
  await removeBox(layout, name, { inUse: boxUsers(ctx) });
}

/** A disk that is there is not made again. It comes back when there is no other in the end. */
async function setAside({ layout }: Context, { disk }: Box): Promise<AsyncDisposable> {
  const path = disk && layout.disk(disk.digest);
  if (!path || !(await statIfExists(path))) return { [Symbol.asyncDispose]: async () => {} };
  const aside = `${path}.damaged`;
  await rename(path, aside);
  const end = async () => ((await statIfExists(path)) ? rm(aside, { force: true }) : rename(aside, path));
  return { [Symbol.asyncDispose]: end };
}
