import {
  type BrokenRecord,
  forgetProject,
  listProjects,
  listRecords,
  type MachineRecord,
} from "../machines/index.ts";
import { allocated, removeNetwork } from "../network/index.ts";
import { lock, tryLock } from "../system/index.ts";
import type { Context } from "./context.ts";
import { liveStates } from "./live.ts";

/**
 * After machines were stopped or destroyed: removes the networks of those projects where nothing runs any more. With
 * `forgetEmpty`, for who was asked to remove machines, also forgets the projects that have none left. A machine that
 * another process is starting keeps its project as it is.
 */
export async function tidyProjects(
  ctx: Context,
  projects: readonly MachineRecord["project"][],
  options: { forgetEmpty: boolean },
): Promise<void> {
  const byId = new Map(projects.map((project) => [project.id, project]));
  await Promise.all([...byId.values()].map((project) => tidy(ctx, project, options.forgetEmpty)));
}

async function tidy(ctx: Context, project: MachineRecord["project"], forgetEmpty: boolean): Promise<void> {
  await using _ = await lock(ctx.layout.lock(`project-${project.id}`)); // no signal: this is cleaning up
  const { records, broken } = await listRecords(ctx.layout);
  if ((await brokenOwners(ctx, broken))(project.id)) return; // one of them may run
  const own = records.filter((record) => record.project.id === project.id);
  if (await anyRuns(ctx, own)) return;
  await using held = await holdAll(ctx, own);
  if (!held.complete || (await anyRuns(ctx, await again(ctx, own)))) return; // one may have come up meanwhile
  await removeNetwork(ctx.layout, project.id);
  if (!forgetEmpty || own.length > 0) return;
  await using _projects = await lock(ctx.layout.lock("projects")); // the innermost: who has it waits for no other
  await forgetProject(ctx.layout, project);
}

async function anyRuns(ctx: Context, records: readonly MachineRecord[]): Promise<boolean> {
  const live = await liveStates(ctx, records);
  return [...live.values()].some(({ state }) => state !== "stopped" && state !== "broken");
}

/** What is recorded of these machines now: another level may have been added to where they run. */
async function again(ctx: Context, own: readonly MachineRecord[]): Promise<MachineRecord[]> {
  const { records } = await listRecords(ctx.layout);
  return records.filter(({ id }) => own.some((record) => record.id === id));
}

/** Tells of a project whether it has machines, or may have one that cannot be read. */
export async function projectOwners(ctx: Context): Promise<(projectId: string) => boolean> {
  const { records, broken } = await listRecords(ctx.layout);
  const owners = new Set(records.map((record) => record.project.id));
  const mayOwn = await brokenOwners(ctx, broken);
  return (id) => owners.has(id) || mayOwn(id);
}

/**
 * Whose the machines are that cannot be read: the project's in which they have an address. One without an address may
 * be of any project that has none recorded.
 */
async function brokenOwners(
  ctx: Context,
  broken: readonly BrokenRecord[],
): Promise<(projectId: string) => boolean> {
  if (broken.length === 0) return () => false;
  const projects = await listProjects(ctx.layout);
  const machines = new Map(
    await Promise.all(projects.map(async ({ id }) => [id, await placed(ctx, id)] as const)),
  );
  const isIn = (id: string, project: string) => machines.get(project)?.has(id) ?? false;
  const homeless = broken.filter(({ id }) => !projects.some((project) => isIn(id, project.id)));
  return (project) =>
    broken.some(({ id }) => isIn(id, project)) || (homeless.length > 0 && !machines.get(project)?.size);
}

/** The machines with an address in the project's network; none when nobody can tell. */
async function placed(ctx: Context, projectId: string): Promise<ReadonlySet<string>> {
  const nics = await allocated(ctx.layout, projectId).catch(() => new Map<string, unknown>());
  return new Set(nics.keys());
}

/** The locks of all these machines, or of some when another process works on one. */
async function holdAll(
  ctx: Context,
  records: readonly MachineRecord[],
): Promise<AsyncDisposable & { complete: boolean }> {
  const locks = await Promise.all(records.map((record) => tryLock(ctx.layout.lock(`machine-${record.id}`))));
  return {
    complete: locks.every((one) => one !== undefined),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(locks.map((one) => one?.[Symbol.asyncDispose]()));
    },
  };
}
