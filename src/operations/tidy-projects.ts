import { forgetProject, listRecords, type MachineRecord } from "../machines/index.ts";
import { removeNetwork } from "../network/index.ts";
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
  if (broken.length > 0) return; // one of them may be the project's, and run
  const own = records.filter((record) => record.project.id === project.id);
  const live = await liveStates(ctx, own);
  if ([...live.values()].some(({ state }) => state !== "stopped" && state !== "broken")) return;
  await using held = await holdAll(ctx, own);
  if (!held.complete) return;
  await removeNetwork(ctx.layout, project.id);
  if (forgetEmpty && own.length === 0) await forgetProject(ctx.layout, project);
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
