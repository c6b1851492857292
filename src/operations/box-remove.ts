import { findBoxName, type Removed, removeBox } from "../boxes/index.ts";
import { boxUsers } from "./box-users.ts";
import type { Context } from "./context.ts";
import { valuesOf } from "./outcomes.ts";
import type { Outcome } from "./reporter.ts";

/** What `box remove` took out of the store. */
export interface RemovedBoxes {
  /** The boxes' names. */
  readonly removed: readonly string[];
  readonly freedBytes: number;
}

/**
 * Removes boxes, one after the other; one that cannot go does not keep the others.
 * @throws BothyError `BOX_IN_USE` naming the machines, `BOX_UNKNOWN`.
 */
export async function removeBoxes(ctx: Context, names: readonly string[]): Promise<RemovedBoxes> {
  const each = await eachOnce(ctx, names);
  const outcomes: Outcome<Removed>[] = [];
  for (const name of each) {
    outcomes.push(
      await removeBox(ctx.layout, name, { inUse: boxUsers(ctx) }).then(
        (value) => ({ ok: true, value }) as const,
        (error: unknown) => ({ ok: false, error }) as const,
      ),
    );
  }
  if (outcomes.some(({ ok }) => !ok)) tellRemoved(ctx, outcomes);
  const removed = valuesOf(outcomes, each);
  for (const reason of new Set(removed.flatMap(({ kept }) => kept ?? []))) {
    ctx.reporter.warn(`layers that nobody uses any more are still there: ${reason}`);
  }
  return {
    removed: removed.flatMap(({ boxes }) => boxes),
    freedBytes: removed.reduce((sum, { freedBytes }) => sum + freedBytes, 0),
  };
}

/** A box has several names; one that nobody knows stays as it is, for the error. */
async function eachOnce({ layout }: Context, names: readonly string[]): Promise<string[]> {
  const keys = names.map(async (name) => (await findBoxName(layout, name).catch(() => undefined)) ?? name);
  return [...new Set(await Promise.all(keys))];
}

/** The error that follows tells of the others only. */
function tellRemoved(ctx: Context, outcomes: readonly Outcome<Removed>[]): void {
  const boxes = outcomes.flatMap((outcome) => (outcome.ok ? outcome.value.boxes : []));
  if (boxes.length > 0) ctx.reporter.info(`removed ${boxes.join(", ")}`);
}
