import {
  buildBox,
  buildKernel,
  buildTools,
  findBox,
  findKernel,
  findTools,
  requireRecipe,
  resolveLayers,
} from "../boxes/index.ts";
import { BothyError } from "../errors.ts";
import type { MachineRecord } from "../machines/index.ts";
import type { Isolation, KernelFiles, LayerFile } from "../providers/provider.ts";
import type { Context } from "./context.ts";
import { valuesOf } from "./outcomes.ts";
import type { Progress } from "./reporter.ts";
import { type Target, wantedLevel } from "./targets.ts";

/** The read-only files that machines are started from. */
export interface Images {
  readonly tools: LayerFile;
  /** Absent when none of the machines needs one. */
  readonly kernel: KernelFiles | undefined;
  /** The layers that a machine was made with, present and whole. @throws BothyError `LAYER_DAMAGED`. */
  layersOf(box: MachineRecord["box"]): Promise<LayerFile[]>;
}

/** Sees to it that everything is there to start these machines; builds what is missing and says so. */
export async function prepareImages(
  ctx: Context,
  targets: readonly Target[],
  isolation: Isolation | undefined,
): Promise<Images> {
  const names = [
    ...new Set(targets.flatMap(({ record, config }) => (record || !config ? [] : [config.box]))),
  ];
  const needsKernel = await anyOwnKernel(ctx, targets, isolation);
  await buildMissing(ctx, names, needsKernel);
  return {
    tools: await builtTools(ctx),
    kernel: needsKernel ? await findKernel(ctx.layout) : undefined,
    layersOf: (box) => resolveLayers(ctx.layout, box),
  };
}

async function buildMissing(ctx: Context, names: readonly string[], needsKernel: boolean): Promise<void> {
  const missing: { title: string; build(progress: Progress): Promise<unknown> }[] = [];
  const context = ({ report }: Progress) => ({ signal: ctx.signal, report });
  for (const name of names) {
    if (await findBox(ctx.layout, name)) continue;
    await requireRecipe(ctx.layout, name);
    missing.push({
      title: `box ${name}`,
      build: (progress) => buildBox(ctx.layout, name, context(progress)),
    });
  }
  if (!(await findTools(ctx.layout)))
    missing.push({ title: "guest tools", build: (progress) => buildTools(ctx.layout, context(progress)) });
  if (needsKernel && !(await findKernel(ctx.layout))) {
    missing.push({ title: "kernel", build: (progress) => buildKernel(ctx.layout, context(progress)) });
  }
  if (missing.length === 0) return;
  const tasks = missing.map(({ title, build }) => ({ title: `build ${title}`, run: build }));
  valuesOf(
    await ctx.reporter.tasks(tasks),
    missing.map(({ title }) => title),
  );
}

async function anyOwnKernel(
  ctx: Context,
  targets: readonly Target[],
  isolation: Isolation | undefined,
): Promise<boolean> {
  const levels = targets.map((target) => wantedLevel(target, isolation));
  const providers = await Promise.all([...new Set(levels)].map((level) => ctx.providers.get(level)));
  return providers.some((provider) => provider.features.ownKernel);
}

async function builtTools(ctx: Context): Promise<LayerFile> {
  const tools = await findTools(ctx.layout);
  if (tools) return tools;
  throw new BothyError("BOX_BUILD_FAILED", "the guest tools are gone right after they were built", {
    hints: ["bothy box build debian/12"],
  });
}
