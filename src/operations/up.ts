import { BothyError } from "../errors.ts";
import type { Isolation } from "../providers/provider.ts";
import { bringUp, type UpOutcome } from "./bring-up.ts";
import type { Context } from "./context.ts";
import { prepareImages } from "./images.ts";
import { valuesOf } from "./outcomes.ts";
import { ensureOwnProject } from "./own-project.ts";
import { loadFleet, selectTargets, type Target } from "./targets.ts";
import { tidyProjects } from "./tidy-projects.ts";

/** What `up` was asked for. */
export interface UpOptions {
  readonly machines: readonly string[];
  /** The level to run at, for this run and remembered; default: where it last ran, else the file's. */
  readonly isolation?: Isolation | undefined;
  /** How many machines at once (default 4). */
  readonly parallel?: number | undefined;
}

/** What `up` did, machine by machine. */
export interface UpResult {
  readonly project: { readonly id: string; readonly name: string; readonly path: string };
  readonly machines: readonly UpOutcome[];
}

const DEFAULT_PARALLEL = 4;

/** Creates what is missing, starts what is stopped, moves what runs at another level. Returns when each answers. */
export async function up(ctx: Context, options: UpOptions): Promise<UpResult> {
  const fleet = await loadFleet(ctx, { needsProject: options.machines.length === 0 });
  const targets = selectTargets(fleet, options.machines);
  for (const target of targets) if (target.broken) throw target.broken.error;
  const images = await prepareImages(ctx, targets, {
    isolation: options.isolation,
    folder: fleet.project?.folder,
  });
  const project = await ensureOwnProject(ctx, fleet, targets);
  const outcomes = await ctx.reporter.tasks(
    targets.map((target) => ({
      title: target.name,
      run: (progress) =>
        bringUp(ctx, {
          target,
          project: projectOf(target, project),
          isolation: options.isolation,
          images,
          progress,
        }),
    })),
    { parallel: options.parallel ?? DEFAULT_PARALLEL },
  );
  if (outcomes.some(({ ok }) => !ok))
    await tidyProjects(ctx, project ? [project] : [], { forgetEmpty: fleet.projectId === undefined }); // what the failed ones needed
  const machines = valuesOf(
    outcomes,
    targets.map((target) => target.name),
  );
  const first = targets[0];
  if (!first) throw new BothyError("CONFIG_INVALID", "the project has no machines");
  return { project: projectOf(first, project), machines };
}

function projectOf(target: Target, own: UpResult["project"] | undefined): UpResult["project"] {
  const project = target.record?.project ?? own;
  if (!project) throw new BothyError("CONFIG_MISSING", `no project for machine "${target.name}"`);
  return project;
}
