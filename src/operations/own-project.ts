import { ensureProject } from "../machines/index.ts";
import { lock } from "../system/index.ts";
import type { Context } from "./context.ts";
import type { Fleet, Target } from "./targets.ts";

/**
 * The project's identity, made before its first machine; `undefined` when all targets belong elsewhere. From then on no
 * other process forgets the project: who does that holds the same lock and sees that this process lives.
 */
export async function ensureOwnProject(ctx: Context, fleet: Fleet, targets: readonly Target[]) {
  if (!fleet.project || !targets.some((target) => target.config)) return undefined;
  await using _ = await lock(ctx.layout.lock("projects"), { signal: ctx.signal });
  const { id, name, path } = await ensureProject(ctx.layout, fleet.project.folder, fleet.project.config.name);
  return { id, name, path };
}
