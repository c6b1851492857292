import { dockerfileInputs } from "../boxes/dockerfile/index.ts";
import { type Box, recipeInputs } from "../boxes/index.ts";
import { newestManifest } from "../boxes/registry/index.ts";
import { BothyError, messageOf } from "../errors.ts";
import { newestOffer } from "./box-catalog.ts";
import { type BoxKind, kindOf } from "./box-list.ts";
import { type ArchiveOrigin, type ImageOrigin, isTagged, namedBoxes, openOrigin } from "./box-source.ts";
import type { Context } from "./context.ts";

/** How a box compares with what there is where it came from. */
export interface BoxAge {
  readonly name: string;
  readonly kind: BoxKind | null;
  /** `fixed`: there is nothing that could be newer. `failed`: nobody could be asked. */
  readonly state: "current" | "outdated" | "fixed" | "failed";
  /** The box's manifest, version or inputs. */
  readonly current: string | null;
  /** The same of what there is now. */
  readonly newest: string | null;
  /** Why it is fixed, why asking failed, or what was not looked at. */
  readonly reason: string | null;
}

type Origin = NonNullable<Box["source"]>;
type Recipe = Extract<Origin, { recipe: string }>;
type BuildOrigin = Extract<Origin, { context: string }>;
type File = Extract<Origin, { file: string }>;
/** The two that are compared, or why there is nothing to compare. */
type Comparison =
  | { readonly current: string; readonly newest: string; readonly remark?: string }
  | { readonly reason: string };

/** So many registries are asked side by side. */
const PARALLEL = 4;

/**
 * Looks whether there is something newer than boxes, without names than all: a tag that moved, a catalog's new version,
 * changed inputs of a Dockerfile or recipe. Changes nothing. What cannot be asked is said of that box only.
 * @throws BothyError `BOX_UNKNOWN`.
 */
export async function outdatedBoxes(ctx: Context, names: readonly string[]): Promise<{ boxes: BoxAge[] }> {
  const boxes = await namedBoxes(ctx, names);
  const outcomes = await ctx.reporter.tasks<BoxAge>(
    boxes.map((box) => ({ title: `look for a newer ${box.name}`, run: () => ageOf(ctx, box) })),
    { parallel: PARALLEL },
  );
  if (ctx.signal.aborted) throw new BothyError("INTERRUPTED", "interrupted; nothing was changed");
  const ages = outcomes.flatMap((outcome, index): BoxAge[] => {
    const box = boxes[index];
    if (!box) return [];
    return [
      outcome.ok
        ? outcome.value
        : { ...NOTHING, ...named(box), state: "failed", reason: messageOf(outcome.error) },
    ];
  });
  return { boxes: ages };
}

/** How one box compares. @throws what asking throws. */
export async function ageOf(ctx: Context, box: Box): Promise<BoxAge> {
  const found = await compare(ctx, box);
  if ("reason" in found) return { ...NOTHING, ...named(box), state: "fixed", reason: found.reason };
  const { current, newest, remark = null } = found;
  const state = current === newest ? "current" : "outdated";
  return { ...named(box), state, current, newest, reason: remark };
}

const NOTHING = { current: null, newest: null, reason: null };

function named(box: Box): Pick<BoxAge, "name" | "kind"> {
  return { name: box.name, kind: kindOf(box) };
}

async function compare(ctx: Context, { source }: Box): Promise<Comparison> {
  if (!source) return { reason: "it does not say where it came from" };
  if ("image" in source) return compareImage(ctx, source);
  if ("archive" in source) return compareArchive(ctx, source);
  if ("recipe" in source) return compareRecipe(ctx, source);
  if ("context" in source) return compareDockerfile(ctx, source);
  if ("file" in source) return compareFile(ctx, source);
  return { reason: `it was made of the machine ${source.machine}` };
}

/** A tag may name an index of several platforms: then the image in it is what counts. */
async function compareImage(ctx: Context, origin: ImageOrigin): Promise<Comparison> {
  if (!isTagged(origin)) return { reason: "it is named by its digest" };
  const { layout, signal } = ctx;
  const current = origin.manifest;
  const tag = await newestManifest(layout, origin.image, { platform: origin.platform, signal });
  if (tag === current) return { current, newest: tag };
  await using image = await openOrigin(ctx, origin);
  return { current, newest: image.manifest };
}

async function compareArchive(ctx: Context, origin: ArchiveOrigin): Promise<Comparison> {
  await using image = await openOrigin(ctx, origin);
  return { current: origin.manifest, newest: image.manifest };
}

async function compareRecipe({ layout, signal }: Context, { recipe, inputs }: Recipe): Promise<Comparison> {
  const newest = await recipeInputs(layout, recipe, { signal });
  return newest === undefined
    ? { reason: "there is no recipe for it any more" }
    : { current: inputs, newest };
}

async function compareDockerfile({ layout, signal }: Context, origin: BuildOrigin): Promise<Comparison> {
  const { inputs: current, ...spec } = origin;
  const newest = await dockerfileInputs(layout, spec, { signal });
  return {
    current,
    newest,
    remark: "base images are not asked for; `bothy box add --force FOLDER` takes newer ones",
  };
}

async function compareFile(ctx: Context, origin: File): Promise<Comparison> {
  if (!origin.catalog) return { reason: "it was added from a file, which has no versions" };
  const { version } = await newestOffer(ctx, origin.catalog, origin);
  return { current: origin.boxVersion ?? "unknown", newest: version };
}
