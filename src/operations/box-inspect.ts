import { type Box, findDamage, getBox, listBoxes } from "../boxes/index.ts";
import { BothyError } from "../errors.ts";
import { type BoxSummary, othersOf, summaryOf } from "./box-list.ts";
import { readUsers } from "./box-users.ts";
import type { Context } from "./context.ts";

/** A layer of a box, base first. */
export interface LayerDetails {
  readonly digest: string;
  /** sha256 of the tar that it was made from, in hex. */
  readonly diffId: string | null;
  readonly sizeBytes: number;
  readonly path: string;
  /** The other boxes that have it. */
  readonly sharedWith: readonly string[];
}

/** How a box's program runs and what a machine gets from it, as in the box's metadata. */
type Configuration = Pick<
  Box,
  | "entrypoint"
  | "command"
  | "runAs"
  | "workdir"
  | "stopSignal"
  | "healthcheck"
  | "volumes"
  | "exposedPorts"
  | "kernel"
>;

/** Everything about a box; what it does not have is `null`. */
export type BoxDetails = BoxSummary & {
  readonly layers: readonly LayerDetails[];
  readonly disk: (NonNullable<Box["disk"]> & { readonly path: string }) | null;
  readonly init: string | null;
  readonly user: string | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly source: Box["source"] | null;
  readonly history: NonNullable<Box["history"]>;
  /** With `verify`: whether every byte is what its digest says. */
  readonly verified: boolean | null;
} & { readonly [Key in keyof Configuration]-?: NonNullable<Configuration[Key]> | null };

/** One box in full; with `verify` every byte is read. @throws BothyError `BOX_UNKNOWN`, `LAYER_DAMAGED` when verified and wrong. */
export async function inspectBox(
  ctx: Context,
  name: string,
  options: { verify?: boolean },
): Promise<BoxDetails> {
  const box = await getBox(ctx.layout, name);
  if (options.verify) await requireSound(ctx, box);
  const [all, users] = await Promise.all([listBoxes(ctx.layout), readUsers(ctx)]);
  const entry = { name: box.name, state: "ok", box } as const;
  return {
    ...summaryOf(entry, all, users),
    ...configurationOf(box),
    layers: layersOf(ctx, box, othersOf(entry, all)),
    disk: box.disk ? { ...box.disk, path: ctx.layout.disk(box.disk.digest) } : null,
    init: box.init ?? null,
    user: box.user ?? null,
    environment: box.environment,
    labels: box.labels,
    source: box.source ?? null,
    history: box.history ?? [],
    verified: options.verify ? true : null,
  };
}

function configurationOf(box: Box) {
  return {
    entrypoint: box.entrypoint ?? null,
    command: box.command ?? null,
    runAs: box.runAs ?? null,
    workdir: box.workdir ?? null,
    stopSignal: box.stopSignal ?? null,
    healthcheck: box.healthcheck ?? null,
    volumes: box.volumes ?? null,
    exposedPorts: box.exposedPorts ?? null,
    kernel: box.kernel ?? null,
  };
}

function layersOf({ layout }: Context, box: Box, others: readonly Box[]): LayerDetails[] {
  const having = (digest: string) =>
    others.filter(({ layers }) => layers.some((one) => one.digest === digest));
  return box.layers.map(({ digest, diffId, sizeBytes }) => ({
    digest,
    diffId: diffId ?? null,
    sizeBytes,
    path: layout.layer(digest),
    sharedWith: having(digest).map(({ name }) => name),
  }));
}

async function requireSound(ctx: Context, box: Box): Promise<void> {
  const damage = await findDamage(ctx.layout, box, { signal: ctx.signal });
  if (damage.length === 0) return;
  throw new BothyError(
    "LAYER_DAMAGED",
    `box ${box.name}: ${damage.map(({ problem }) => problem).join("; ")}`,
    {
      hints: [`bothy box verify --repair ${box.name}`],
    },
  );
}
