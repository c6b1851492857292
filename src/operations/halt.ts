import { BothyError } from "../errors.ts";
import type { Context } from "./context.ts";
import { liveStates } from "./live.ts";
import { currentRecord, lockMachine } from "./lock-machine.ts";
import { valuesOf } from "./outcomes.ts";
import type { Progress } from "./reporter.ts";
import { STOP_DEADLINE_MS, stopEverywhere } from "./stop.ts";
import { type KnownTarget, knownTargets, loadFleet, requireKnown, selectTargets } from "./targets.ts";
import { tidyProjects } from "./tidy-projects.ts";

/** What `halt` was asked for. */
export interface HaltOptions {
  readonly machines: readonly string[];
  /** By force, at once. */
  readonly force?: boolean | undefined;
}

/** What became of one machine. */
export interface HaltOutcome {
  readonly name: string;
  readonly id: string;
  readonly action: "stopped" | "unchanged";
}

/** Stops machines: gracefully within one deadline, then by force. Stopped already is no failure. */
export async function halt(ctx: Context, options: HaltOptions): Promise<{ machines: HaltOutcome[] }> {
  const selected = selectTargets(await loadFleet(ctx), options.machines);
  for (const target of selected) if (target.broken) requireKnown(target);
  const targets = knownTargets(selected);
  const deadlineMs = options.force ? 0 : STOP_DEADLINE_MS;
  const outcomes = await ctx.reporter.tasks(
    targets.map((target) => ({
      title: target.name,
      run: (progress) => haltOne(ctx, target, deadlineMs, progress),
    })),
  );
  const projects = targets.map(({ record }) => record.project);
  const tidied = tidyProjects(ctx, projects, { forgetEmpty: false });
  await tidied.catch(() => {}); // what failed before it is told first
  const names = targets.map((target) => target.name);
  const machines = valuesOf(outcomes, names);
  await tidied;
  return { machines };
}

async function haltOne(
  ctx: Context,
  target: KnownTarget,
  deadlineMs: number,
  progress: Progress,
): Promise<HaltOutcome> {
  const { name, id } = target.record;
  await using _ = await lockMachine(ctx, id, progress);
  const record = await currentRecord(ctx, id);
  const live = record && (await liveStates(ctx, [record])).get(id);
  const identity = { name, id };
  if (!record || !live || live.state === "stopped") {
    progress.title(`${name} is stopped already`);
    return { ...identity, action: "unchanged" };
  }
  if (live.state === "unknown") {
    throw new BothyError(
      "MACHINE_STATE",
      `cannot tell whether machine "${record.name}" runs: ${live.reason}`,
      {
        hints: ["`bothy doctor` finds what is wrong on this host"],
      },
    );
  }
  progress.report("stopping");
  await stopEverywhere(ctx, record.ranAt, record.id, { deadlineMs, progress });
  progress.title(`${record.name} is stopped`);
  return { ...identity, action: "stopped" };
}
