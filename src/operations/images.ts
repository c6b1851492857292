import { buildDockerfile, type DockerfileSpec } from "../boxes/dockerfile/index.ts";
import {
  buildBox,
  buildKernel,
  buildTools,
  findBox,
  findKernel,
  findTools,
  readBox,
  requireRecipe,
  resolveLayers,
} from "../boxes/index.ts";
import type { MachineConfig, SourceConfig } from "../config/index.ts";
import { BothyError } from "../errors.ts";
import type { MachineRecord } from "../machines/index.ts";
import type { Isolation, KernelFiles, LayerFile } from "../providers/provider.ts";
import type { Context } from "./context.ts";
import { kernelOf } from "./kernel-of.ts";
import { valuesOf } from "./outcomes.ts";
import { pullImage } from "./pull-image.ts";
import type { Progress, Task } from "./reporter.ts";
import { boxNameOf, dockerfileOf } from "./source.ts";
import { type Target, wantedLevel } from "./targets.ts";

/** The read-only files that machines are started from. */
export interface Images {
  readonly tools: LayerFile;
  /** What a machine boots; absent when no machine has a kernel of its own. @throws BothyError `BOX_INVALID`. */
  kernelOf(record: MachineRecord): Promise<KernelFiles | undefined>;
  /** The layers that a machine was made with, present and whole. @throws BothyError `LAYER_DAMAGED`. */
  layersOf(box: MachineRecord["box"]): Promise<LayerFile[]>;
  /** The box of a new machine, by its name in the store. */
  boxName(config: MachineConfig): string;
}

/** Sees to it that everything is there to start these machines; builds and pulls what is missing and says so. */
export async function prepareImages(
  ctx: Context,
  targets: readonly Target[],
  options: { readonly isolation?: Isolation | undefined; readonly folder?: string | undefined },
): Promise<Images> {
  const folder = options.folder ?? ctx.cwd;
  const sources = targets.flatMap(({ record, config }) => (record || !config ? [] : [config.source]));
  const needsKernel = await anyOwnKernel(ctx, targets, options.isolation);
  const missing = [
    ...(await missingBoxes(ctx, sources, folder)),
    ...(await missingArtefacts(ctx, needsKernel)),
  ];
  if (missing.length > 0) {
    valuesOf(
      await ctx.reporter.tasks(missing),
      missing.map(({ title }) => title),
    );
  }
  return {
    tools: await builtTools(ctx),
    kernelOf: async (record) => (needsKernel ? kernelOf(ctx, record) : undefined),
    layersOf: (box) => resolveLayers(ctx.layout, box),
    boxName: ({ source }) => boxNameOf(source, folder),
  };
}

/** What has to be done before each of these sources is a box; equal ones once. A Dockerfile is looked at each time. */
async function missingBoxes(
  ctx: Context,
  sources: readonly SourceConfig[],
  folder: string,
): Promise<Task<unknown>[]> {
  const byName = new Map(sources.map((source) => [boxNameOf(source, folder), source]));
  const tasks = await Promise.all(
    [...byName].map(async ([name, source]) => {
      if (source.kind === "box" && (await findBox(ctx.layout, name))) return [];
      if (source.kind === "image" && (await readBox(ctx.layout, name))) return [];
      return [await obtain(ctx, name, source, folder)];
    }),
  );
  return tasks.flat();
}

async function obtain(
  ctx: Context,
  name: string,
  source: SourceConfig,
  folder: string,
): Promise<Task<unknown>> {
  if (source.kind === "image") {
    const { reference } = source;
    return { title: `pull ${reference}`, run: (progress) => pullImage(ctx, reference, { progress }) };
  }
  if (source.kind === "build") {
    const spec = dockerfileOf(source, folder);
    return { title: `build ${source.context}`, run: (progress) => buildFrom(ctx, spec, name, progress) };
  }
  await requireRecipe(ctx.layout, name);
  const run = ({ report }: Progress) => buildBox(ctx.layout, name, { signal: ctx.signal, report });
  return { title: `build box ${name}`, run };
}

/** Nothing is built where nothing has changed. */
async function buildFrom(
  ctx: Context,
  spec: DockerfileSpec,
  name: string,
  progress: Progress,
): Promise<void> {
  const { report, title } = progress;
  const { built } = await buildDockerfile(ctx.layout, spec, {
    name,
    signal: ctx.signal,
    report,
    onOutput: report,
  });
  title(built ? `built ${spec.context}` : `${spec.context} has not changed`);
}

async function missingArtefacts(ctx: Context, needsKernel: boolean): Promise<Task<unknown>[]> {
  const tasks: Task<unknown>[] = [];
  const context = ({ report }: Progress) => ({ signal: ctx.signal, report });
  if (!(await findTools(ctx.layout))) {
    tasks.push({ title: "build guest tools", run: (progress) => buildTools(ctx.layout, context(progress)) });
  }
  if (needsKernel && !(await findKernel(ctx.layout))) {
    tasks.push({ title: "build kernel", run: (progress) => buildKernel(ctx.layout, context(progress)) });
  }
  return tasks;
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
