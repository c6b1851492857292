import { type BoxContent, findBox, listBoxes, normaliseBoxName, resolveLayers } from "../boxes/index.ts";
import { BothyError } from "../errors.ts";
import { type MachineRecord, volumeName, volumesOf } from "../machines/index.ts";
import { exportBoxes } from "./box-export.ts";
import { type BoxSummary, summaryOf } from "./box-list.ts";
import { readUsers } from "./box-users.ts";
import type { Context } from "./context.ts";
import { currentRecord, lockMachine } from "./lock-machine.ts";
import { valuesOf } from "./outcomes.ts";
import type { Progress } from "./reporter.ts";
import { stillDisk } from "./still-disk.ts";
import { loadFleet, requireKnown, selectOne } from "./targets.ts";

/** What `package` was asked for. */
export interface PackageOptions {
  readonly machine?: string | undefined;
  /** The new box's name; default PROJECT/MACHINE. */
  readonly name?: string | undefined;
  /** Takes the place of a box, or a file, that is there. */
  readonly force?: boolean | undefined;
  /** Also writes the box to this path, in this format; see `box export`. */
  readonly output?: string | undefined;
  readonly format?: string | undefined;
}

/** The new box, and where it was written to. */
export type Packaged = BoxSummary & { readonly output: string | null };

/**
 * Makes a box of a machine, whether it runs or not: its box with one more layer, which is what it wrote. The machine
 * stays as it is; one that runs is held for the moment in which its disk is copied.
 */
export async function packageMachine(ctx: Context, options: PackageOptions): Promise<Packaged> {
  const { record } = requireKnown(selectOne(await loadFleet(ctx), options.machine));
  const name = normaliseBoxName(options.name ?? `${record.project.name}/${record.name}`);
  const task = `package ${record.name}`;
  const run = (progress: Progress) => packageOne(ctx, record, { name, force: options.force }, progress);
  const [summary] = valuesOf(await ctx.reporter.tasks([{ title: task, run }]), [task]);
  if (!summary) throw new BothyError("BUG", "no box came of it");
  if (options.output === undefined) return { ...summary, output: null };
  const { output } = await exportBoxes(ctx, { ...options, box: name, output: options.output });
  return { ...summary, output };
}

interface Wanted {
  readonly name: string;
  readonly force: boolean | undefined;
}

async function packageOne(
  ctx: Context,
  known: MachineRecord,
  wanted: Wanted,
  progress: Progress,
): Promise<BoxSummary> {
  const snapshots = await import("../boxes/snapshot/index.ts");
  const { layout, signal } = ctx;
  const { report } = progress;
  await using _machine = await lockMachine(ctx, known.id, progress);
  const record = await wholeRecord(ctx, known);
  snapshots.refuseHigh(record.box.layers, record.name);
  await snapshots.refuseTaken(layout, wanted);
  await using _lease = await snapshots.leaseLayers(layout, signal);
  const layers = await resolveLayers(layout, record.box);
  const volumes = volumesOf(record).map((path) => ({ name: volumeName(path), path }));
  await using copy = await stillDisk(ctx, record, progress);
  const layer = await snapshots.snapshotLayer(layout, { copy, layers, volumes, signal, report });
  const { content, history } = await base(ctx, record);
  const machine = `${record.project.name}/${record.name}`;
  const step = { createdAt: new Date().toISOString(), createdBy: `bothy package ${machine}` };
  const origin = { source: { machine, base: record.box.name }, history: [...history, step] };
  const box = await snapshots.keepBox(layout, { ...wanted, content, layer, origin, signal });
  progress.title(`${record.name} is packaged as ${box.name}`);
  const [boxes, users] = [await listBoxes(layout), await readUsers(ctx)];
  const summary = summaryOf({ name: box.name, state: "ok", box }, boxes, users);
  return summary;
}

/** The record as it is now. @throws BothyError for a machine that is none, or has no layers to stand on. */
async function wholeRecord(ctx: Context, { id, name }: MachineRecord): Promise<MachineRecord> {
  const record = await currentRecord(ctx, id);
  if (!record) throw new BothyError("MACHINE_UNKNOWN", `machine "${name}" is gone`);
  if (record.intent !== "present") {
    throw new BothyError(
      "MACHINE_STATE",
      `machine "${name}" is not complete: ${record.intent} was interrupted`,
      {
        hints: [`bothy up ${name}`],
      },
    );
  }
  if (record.box.layers.length > 0) return record;
  throw new BothyError(
    "EXPORT_FAILED",
    `machine "${name}" boots from its box's own disk: there are no layers to add to`,
  );
}

/** What the machine's box says, or, where another box has that name by now, what is remembered of it. */
async function base(ctx: Context, record: MachineRecord) {
  const { name, digest, ...remembered } = record.box;
  const box = await findBox(ctx.layout, name).catch((error: BothyError) => {
    if (error.code === "STATE_INVALID") return undefined;
    throw error;
  });
  if (box?.digest !== digest) return { content: { ...remembered, labels: {} }, history: [] };
  const { version: _v, name: _n, digest: _d, createdAt: _c, source: _s, history = [], ...own } = box;
  const content: BoxContent = { ...own, user: record.box.user };
  return { content, history };
}
