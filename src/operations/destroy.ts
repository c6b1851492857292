import { BothyError } from "../errors.ts";
import { type MachineRecord, removeMachineFiles, writeRecord } from "../machines/index.ts";
import { ISOLATIONS } from "../providers/registry.ts";
import type { Context } from "./context.ts";
import { currentRecord, lockMachine } from "./lock-machine.ts";
import { valuesOf } from "./outcomes.ts";
import { removeMachine } from "./remove-machine.ts";
import type { Progress } from "./reporter.ts";
import { stopEverywhere } from "./stop.ts";
import { knownTargets, loadFleet, selectTargets, type Target } from "./targets.ts";
import { tidyProjects } from "./tidy-projects.ts";

/** What became of one machine. */
export interface DestroyOutcome {
  readonly name: string;
  readonly id: string | null;
  readonly action: "destroyed" | "unchanged";
}

/** The machines that `destroy` would remove: those of them that exist. For the question before it. */
export async function destroyable(ctx: Context, patterns: readonly string[]): Promise<Target[]> {
  return selectTargets(await loadFleet(ctx), patterns).filter((target) => target.record || target.broken);
}

/** Removes machines with everything they wrote. A machine that does not exist is no failure; one failure stops no other. */
export async function destroy(
  ctx: Context,
  patterns: readonly string[],
): Promise<{ machines: DestroyOutcome[] }> {
  const targets = selectTargets(await loadFleet(ctx), patterns);
  const outcomes = await ctx.reporter.tasks(
    targets.map((target) => ({ title: target.name, run: (progress) => destroyOne(ctx, target, progress) })),
  );
  const projects = knownTargets(targets).map(({ record }) => record.project);
  const tidied = tidyProjects(ctx, projects, { forgetEmpty: true });
  await tidied.catch(() => {}); // what failed before it is told first
  const names = targets.map((target) => target.name);
  const machines = valuesOf(outcomes, names);
  await tidied;
  return { machines };
}

async function destroyOne(ctx: Context, target: Target, progress: Progress): Promise<DestroyOutcome> {
  const id = target.record?.id ?? target.broken?.id;
  if (id === undefined) {
    progress.title(`${target.name} does not exist`);
    return { name: target.name, id: null, action: "unchanged" };
  }
  await using _ = await lockMachine(ctx, id, progress);
  progress.report("destroying");
  const record = await currentRecord(ctx, id).catch(() => "broken" as const);
  if (record === "broken") await destroyBroken(ctx, id, progress);
  else if (record) await destroyRecorded(ctx, record, progress);
  progress.title(`${target.name} is destroyed`);
  return { name: target.name, id, action: "destroyed" };
}

async function destroyRecorded(ctx: Context, record: MachineRecord, progress: Progress): Promise<void> {
  await writeRecord(ctx.layout, { ...record, intent: "destroying" }).catch((error) => {
    if (!(error instanceof BothyError && error.code === "DISK_FULL")) throw error; // destroying is what helps then
  });
  await removeMachine(ctx, record, progress);
}

/** Its record cannot be read, so every backend is asked to let go of it. */
async function destroyBroken(ctx: Context, id: string, progress: Progress): Promise<void> {
  await stopEverywhere(ctx, ISOLATIONS, id, { deadlineMs: 0, progress });
  await removeMachineFiles(ctx.layout, id);
}
