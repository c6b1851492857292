import {
  type Box,
  type BoxEntry,
  buildBox,
  buildKernel,
  buildTools,
  getBox,
  type InUse,
  listBoxes,
  listRecipes,
  removeBox,
  requireRecipe,
  verifyBox,
} from "../boxes/index.ts";
import { BothyError } from "../errors.ts";
import { listRecords } from "../machines/index.ts";
import type { Context } from "./context.ts";
import { valuesOf } from "./outcomes.ts";

/** A line of `box list`. */
export interface BoxSummary {
  readonly name: string;
  /** `recipe`: not built yet. */
  readonly state: "ok" | "broken" | "recipe";
  readonly digest: string | null;
  readonly sizeMiB: number | null;
  readonly createdAt: string | null;
  /** The machines that stand on it, as PROJECT/NAME. */
  readonly machines: readonly string[];
  readonly reason: string | null;
}

/** Everything about a box. */
export type BoxDetails = BoxSummary & {
  readonly layers: readonly { readonly digest: string; readonly sizeBytes: number; readonly path: string }[];
  readonly init: string | null;
  readonly user: string | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly source: Box["source"] | null;
  /** With `verify`: whether every byte is what its digest says. */
  readonly verified: boolean | null;
};

/** Builds a box and, where they are missing or old, the guest tools and the kernel. What is up to date is left alone. */
export async function buildBoxes(
  ctx: Context,
  options: { name: string; force?: boolean },
): Promise<BoxSummary> {
  const { layout, signal } = ctx;
  await requireRecipe(layout, options.name); // before anything else is built
  const builds = {
    "guest tools": (report: (line: string) => void) => buildTools(layout, { signal, report }),
    kernel: (report: (line: string) => void) => buildKernel(layout, { signal, report }),
    [`box ${options.name}`]: (report: (line: string) => void) =>
      buildBox(layout, options.name, { signal, report, force: options.force }),
  };
  const outcomes = await ctx.reporter.tasks<unknown>(
    Object.entries(builds).map(([title, build]) => ({ title, run: ({ report }) => build(report) })),
  );
  valuesOf(outcomes, Object.keys(builds));
  const box = await getBox(layout, options.name);
  return summary({ name: box.name, state: "ok", box }, boxUsers(ctx));
}

/** Every box of the store, then the recipes that were never built. */
export async function boxSummaries(ctx: Context): Promise<BoxSummary[]> {
  const [entries, recipes] = await Promise.all([listBoxes(ctx.layout), listRecipes()]);
  const built = await Promise.all(entries.map((entry) => summary(entry, boxUsers(ctx))));
  const names = new Set(entries.map(({ name }) => name));
  return [...built, ...recipes.filter((name) => !names.has(name)).map(recipeSummary)];
}

/** One box in full; with `verify` every byte is read. @throws BothyError `BOX_UNKNOWN`, `LAYER_DAMAGED` when verified and wrong. */
export async function inspectBox(
  ctx: Context,
  name: string,
  options: { verify?: boolean },
): Promise<BoxDetails> {
  const box = await getBox(ctx.layout, name);
  const problems = options.verify ? await verifyBox(ctx.layout, box, ctx.signal) : [];
  if (problems.length > 0) {
    throw new BothyError("LAYER_DAMAGED", `box ${box.name}: ${problems.join("; ")}`, {
      hints: [`bothy box build --force ${box.name}`],
    });
  }
  return {
    ...(await summary({ name: box.name, state: "ok", box }, boxUsers(ctx))),
    layers: box.layers.map((layer) => ({ ...layer, path: ctx.layout.layer(layer.digest) })),
    init: box.init ?? null,
    user: box.user ?? null,
    environment: box.environment,
    labels: box.labels,
    source: box.source ?? null,
    verified: options.verify ? true : null,
  };
}

/** Removes a box. @throws BothyError `BOX_IN_USE` naming the machines, `BOX_UNKNOWN`. */
export async function removeBoxes(ctx: Context, name: string): Promise<void> {
  await removeBox(ctx.layout, name, { inUse: boxUsers(ctx) });
}

/**
 * Tells which machines stand on a box's or a layer's digest. The records are read at each question, so that one asked
 * under the store's lock sees every machine. A machine that cannot be read counts for all.
 */
export function boxUsers(ctx: Context): (digest: string) => Promise<string[]> {
  return async (digest) => {
    const { records, broken } = await listRecords(ctx.layout);
    const users = records.filter(
      ({ box }) => box.digest === digest || box.layers.some((layer) => layer.digest === digest),
    );
    const unreadable = broken.map(({ id }) => `${id} (damaged)`);
    return [...users.map(({ project, name }) => `${project.name}/${name}`), ...unreadable];
  };
}

async function summary(entry: BoxEntry, users: InUse): Promise<BoxSummary> {
  const nothing = { digest: null, sizeMiB: null, createdAt: null, machines: [], reason: null };
  if (entry.state === "broken")
    return { ...nothing, name: entry.name, state: "broken", reason: entry.reason };
  const { box } = entry;
  const bytes = box.layers.reduce((sum, layer) => sum + layer.sizeBytes, 0);
  return {
    name: box.name,
    state: "ok",
    digest: box.digest,
    sizeMiB: Math.round(bytes / 1024 / 1024),
    createdAt: box.createdAt,
    machines: await users(box.digest),
    reason: null,
  };
}

function recipeSummary(name: string): BoxSummary {
  return { name, state: "recipe", digest: null, sizeMiB: null, createdAt: null, machines: [], reason: null };
}
