import { removeUnusedLayers } from "../boxes/index.ts";
import { forgetProject, listProjects, listRecords, type MachineRecord } from "../machines/index.ts";
import { sweepNetworks } from "../network/index.ts";
import type { LiveMachine, Provider } from "../providers/provider.ts";
import { ISOLATIONS } from "../providers/registry.ts";
import { tryLock } from "../system/index.ts";
import { boxUsers } from "./box.ts";
import type { Context } from "./context.ts";
import { removeMachine } from "./remove-machine.ts";
import type { Progress } from "./reporter.ts";
import { tidyProjects } from "./tidy-projects.ts";

/** Something that was left behind. */
export interface Leftover {
  readonly kind: string;
  readonly name: string;
}

const SILENT: Progress = { report: () => {}, title: () => {} };

/** What `gc` returns. */
export interface GcResult {
  readonly found: readonly Leftover[];
}

/** One kind of leftover, found or removed. */
interface Sweep extends Leftover {
  remove(): Promise<void>;
}

/**
 * Finds what crashes and kills left: machines half made or half destroyed, runs without a machine, dead runs, networks
 * without a project, interrupted builds. What another process is working on right now is not touched.
 */
export async function gc(ctx: Context, options: { dryRun?: boolean }): Promise<GcResult> {
  const dryRun = options.dryRun ?? false;
  const { records, broken } = await listRecords(ctx.layout);
  const known = new Set([...records.map(({ id }) => id), ...broken.map(({ id }) => id)]);
  const sweeps = [...(await deadRuns(ctx, known)), ...halfMachines(ctx, records)];
  const found: Leftover[] = [];
  for (const { kind, name, remove } of sweeps) {
    if (!dryRun) await remove();
    found.push({ kind, name });
  }
  if (!dryRun)
    await tidyProjects(
      ctx,
      records.map((record) => record.project),
      { forgetEmpty: true },
    );
  return { found: [...found, ...(await sweepRest(ctx, dryRun))] };
}

/** Runs that the backends know and the store does not, or that ended and still hold something. */
async function deadRuns(ctx: Context, known: ReadonlySet<string>): Promise<Sweep[]> {
  const providers = await Promise.all(ISOLATIONS.map((isolation) => ctx.providers.get(isolation)));
  const all = await Promise.all(
    providers.map(async (provider) => toSweeps(ctx, provider, known, await provider.inspect())),
  );
  return all.flat();
}

function toSweeps(
  ctx: Context,
  provider: Provider,
  known: ReadonlySet<string>,
  live: ReadonlyMap<string, LiveMachine>,
): Sweep[] {
  const dead = [...live.values()].filter(
    ({ id, state }) => !known.has(id) || state === "stopped" || state === "broken",
  );
  return dead.map(({ id, name }) => ({
    kind: provider.isolation,
    name: `${name || id} (${id})`,
    remove: () => whenFree(ctx, id, () => provider.stop(id, { deadlineMs: 0 })),
  }));
}

function halfMachines(ctx: Context, records: readonly MachineRecord[]): Sweep[] {
  const half = records.filter(({ intent }) => intent !== "present");
  return half.map((record) => ({
    kind: "machine",
    name: `${record.name} (${record.intent} was interrupted)`,
    remove: () => whenFree(ctx, record.id, () => removeMachine(ctx, record, SILENT)),
  }));
}

/** Only while no other process works on the machine. */
async function whenFree(ctx: Context, id: string, act: () => Promise<void>): Promise<void> {
  await using held = await tryLock(ctx.layout.lock(`machine-${id}`));
  if (held) await act();
}

async function sweepRest(ctx: Context, dryRun: boolean): Promise<Leftover[]> {
  const { records, broken } = await listRecords(ctx.layout);
  const projects = new Set(records.map((record) => record.project.id));
  const keep = (id: string) => broken.length > 0 || projects.has(id);
  const networks = await sweepNetworks(ctx.layout, keep, { dryRun });
  const empty = (await listProjects(ctx.layout)).filter(({ id }) => !keep(id));
  if (!dryRun) for (const project of empty) await forgetProject(ctx.layout, project);
  const projectsFound = empty.map(({ path }) => ({ kind: "project", name: path }));
  const layers =
    dryRun || broken.length > 0
      ? []
      : (await removeUnusedLayers(ctx.layout, { inUse: boxUsers(ctx) })).layers;
  const layersFound = layers.map((digest) => ({ kind: "layer", name: digest.slice(0, 12) }));
  return [...networks, ...projectsFound, ...layersFound].map(({ kind, name }) => ({ kind, name }));
}
