import { buildDockerfile } from "../boxes/dockerfile/index.ts";
import { addFile } from "../boxes/file/index.ts";
import { type Box, type Damage, leaseLayers, removeBox, repairLayers, setAside } from "../boxes/index.ts";
import { removeIndexEntries } from "../boxes/layer/index.ts";
import { parseChecksum } from "../boxes/vagrant/index.ts";
import { BothyError } from "../errors.ts";
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
  const report = (line: string) => progress.report(line);
  if (source && ("image" in source || "archive" in source)) {
    await using image = await openOrigin(ctx, source, { pinned: true, progress });
    const damaged = new Set(damage.map(({ digest }) => digest));
    await repairLayers(ctx.layout, box, damaged, image, { signal: ctx.signal, report });
    return;
  }
  const make = source && remaker(ctx, source, report);
  if (!make)
    throw new BothyError("LAYER_DAMAGED", "it cannot be fetched again as it was", { hints: wayOn(box) });
  await remake(ctx, box, damage, make);
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
  damage: readonly Damage[],
  make: (name: string) => Promise<unknown>,
): Promise<void> {
  const { layout, signal } = ctx;
  const name = `repair/${box.digest.slice(0, 12)}`;
  {
    await using _lease = await leaseLayers(layout, signal);
    await removeIndexEntries(
      layout,
      damage.map(({ digest }) => digest),
    ); // or the damaged ones would be found
    const others = damage.filter(({ kind }) => kind !== "layer"); // which are not made again where they are there
    await using _aside = await setAside(
      layout,
      others.map(({ path }) => path),
    );
    await make(name);
  }
  await removeBox(layout, name, { inUse: boxUsers(ctx) });
}
