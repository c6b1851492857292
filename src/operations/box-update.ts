import { buildDockerfile } from "../boxes/dockerfile/index.ts";
import { addFile } from "../boxes/file/index.ts";
import { type Box, buildBox, getBox } from "../boxes/index.ts";
import { BothyError } from "../errors.ts";
import { addOpenedImage } from "./add-image.ts";
import { ageOf } from "./box-outdated.ts";
import { namedBoxes, openOrigin } from "./box-source.ts";
import { readUsers } from "./box-users.ts";
import type { Context } from "./context.ts";
import { valuesOf } from "./outcomes.ts";
import type { Progress } from "./reporter.ts";

/** What became of a box. */
export interface BoxUpdate {
  readonly name: string;
  readonly action: "updated" | "unchanged";
  /** Of the box before and after. */
  readonly from: string;
  readonly to: string;
  /** The machines that keep standing on the one before, as PROJECT/NAME. */
  readonly machines: readonly string[];
  /** Why there can be nothing newer. */
  readonly reason: string | null;
}

/**
 * Gets what is newer under the same names. Machines keep what they were made with, and it stays in the store while they
 * do. One that cannot be had does not keep the others.
 * @throws BothyError `BOX_UNKNOWN`, `USAGE` for neither names nor `all`, and what getting them throws.
 */
export async function updateBoxes(
  ctx: Context,
  names: readonly string[],
  options: { all?: boolean },
): Promise<{ boxes: readonly BoxUpdate[] }> {
  if (Boolean(options.all) === names.length > 0) throw whichOnes();
  const boxes = await namedBoxes(ctx, names);
  const outcomes = await ctx.reporter.tasks<BoxUpdate>(
    boxes.map((box) => ({ title: `update ${box.name}`, run: (progress) => update(ctx, box, progress) })),
    { parallel: 2 },
  );
  return {
    boxes: valuesOf(
      outcomes,
      boxes.map(({ name }) => name),
    ),
  };
}

async function update(ctx: Context, box: Box, progress: Progress): Promise<BoxUpdate> {
  const same = {
    name: box.name,
    action: "unchanged",
    from: box.digest,
    to: box.digest,
    machines: [],
  } as const;
  const age = await ageOf(ctx, box);
  if (age.state !== "outdated") {
    progress.title(`${box.name} is the newest`);
    return { ...same, reason: age.reason };
  }
  await renew(ctx, box, progress);
  const { digest } = await getBox(ctx.layout, box.name);
  const users = await readUsers(ctx);
  const machines = digest === box.digest ? [] : users(box.digest, box.name);
  progress.title(`${box.name} is updated`);
  return { ...same, action: "updated", to: digest, machines, reason: null };
}

/** Puts what there is now where the box came from under its name. */
async function renew(ctx: Context, { name, source }: Box, progress: Progress): Promise<void> {
  const { layout, signal } = ctx;
  const report = (line: string) => progress.report(line);
  if (!source || "machine" in source) return;
  if ("recipe" in source) {
    await buildBox(layout, source.recipe, { signal, report });
  } else if ("context" in source) {
    const { inputs: _, ...spec } = source;
    await buildDockerfile(layout, spec, { name, signal, report });
  } else if ("file" in source) {
    const { catalog, file, constraint: version, provider, architecture } = source;
    const choice = { version, provider, architecture };
    await addFile(layout, catalog ?? file, { ...choice, name, cwd: ctx.cwd, signal, report });
  } else {
    await using image = await openOrigin(ctx, source, { progress });
    await addOpenedImage(ctx, image, { name, shown: name, progress });
  }
}

function whichOnes(): BothyError {
  return new BothyError("USAGE", "say which boxes, or `--all` for every one, and not both", {
    hints: ["bothy box outdated", "bothy box update --all"],
  });
}
