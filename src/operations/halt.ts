import { BothyError } from "../errors.ts";
import type { Context } from "./context.ts";
import { liveStates } from "./live.ts";
import { lockMachine } from "./lock-machine.ts";
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
  await tidyProjects(
    ctx,
    targets.map(({ record }) => record.project),
    { forgetEmpty: false },
  );
  return {
    machines: valuesOf(
      outcomes,
      targets.map((target) => target.name),
    ),
  };
}

async function haltOne(
  ctx: Context,
  { record }: KnownTarget,
  deadlineMs: number,
  progress: Progress,
): Promise<HaltOutcome> {
  await using _ = await lockMachine(ctx, record.id, progress);
  const live = (await liveStates(ctx, [record])).get(record.id);
  const identity = { name: record.name, id: record.id };
  if (!live || live.state === "stopped" || live.state === "absent") {
    progress.title(`${record.name} is stopped already`);
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
