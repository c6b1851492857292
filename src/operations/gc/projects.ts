import { forgetProject, listProjects } from "../../machines/index.ts";
import { sweepNetworks } from "../../network/index.ts";
import { lock, tryLock } from "../../system/index.ts";
import type { Context } from "../context.ts";
import { projectOwners } from "../tidy-projects.ts";
import type { Leftover, SweepOptions } from "./leftover.ts";

/**
 * Projects without machines, and what the host has of such. A machine's record is written under its project's lock, so
 * one that is being made is seen under it; what is done there stays true until it is let go.
 */
export async function sweepProjects(ctx: Context, options: SweepOptions): Promise<Leftover[]> {
  const owned = await projectOwners(ctx);
  const networks = await sweepNetworks(ctx.layout, (id) => owned(id), { dryRun: true });
  const projects = (await listProjects(ctx.layout)).filter(({ id }) => !owned(id));
  const ids = new Set([...networks.map(({ project }) => project), ...projects.map(({ id }) => id)]);
  const found: Leftover[] = [];
  for (const id of ids) found.push(...(await sweepProject(ctx, id, options)));
  return found;
}

async function sweepProject(ctx: Context, id: string, options: SweepOptions): Promise<Leftover[]> {
  await using held = await tryLock(ctx.layout.lock(`project-${id}`));
  if (!held || (await projectOwners(ctx))(id)) return [];
  const networks = await sweepNetworks(ctx.layout, (other) => other !== id, options);
  await using _ = await lock(ctx.layout.lock("projects"));
  const project = (await listProjects(ctx.layout)).find((one) => one.id === id);
  const forgotten = project && (await forgetProject(ctx.layout, project, options)) ? [project] : [];
  return [
    ...networks.map(({ kind, name }) => ({ kind, name })),
    ...forgotten.map(({ path }) => ({ kind: "project", name: path })),
  ];
}
