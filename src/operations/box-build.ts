import { buildBox, buildKernel, buildTools, getBox, listBoxes, requireRecipe } from "../boxes/index.ts";
import { type BoxSummary, summaryOf } from "./box-list.ts";
import { readUsers } from "./box-users.ts";
import type { Context } from "./context.ts";
import { valuesOf } from "./outcomes.ts";

/** Builds a box and, where they are missing or old, the guest tools and the kernel. What is up to date is left alone. */
export async function buildBoxes(
  ctx: Context,
  options: { name: string; force?: boolean },
): Promise<BoxSummary> {
  const { layout, signal } = ctx;
  await requireRecipe(layout, options.name); // before anything else is built
  const builds = {
    "guest tools": (report: (line: string) => void) => buildTools(layout, { signal, report }),
    kernel: (report: (line: string) => void) => buildKernel(layout, { signal, report }),
    [`box ${options.name}`]: (report: (line: string) => void) =>
      buildBox(layout, options.name, { signal, report, force: options.force }),
  };
  const outcomes = await ctx.reporter.tasks<unknown>(
    Object.entries(builds).map(([title, build]) => ({ title, run: ({ report }) => build(report) })),
  );
  valuesOf(outcomes, Object.keys(builds));
  const box = await getBox(layout, options.name);
  const [all, users] = await Promise.all([listBoxes(layout), readUsers(ctx)]);
  return summaryOf({ name: box.name, state: "ok", box }, all, users);
}
