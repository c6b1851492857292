import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { BothyError } from "../../errors.ts";
import { type Layout, lock, plainLine, removeTree } from "../../system/index.ts";
import type { Box } from "../box.ts";
import { addImage } from "../image/index.ts";
import { workspace } from "../workspace.ts";
import { buildArguments } from "./arguments.ts";
import { baseReferences } from "./bases.ts";
import { BUILD_LOCK, type Buildah, buildahFolder, openBuildah } from "./buildah.ts";
import { openBuiltImage } from "./built-image.ts";
import { keepSteps, removeContainers, tidyCache } from "./cache.ts";
import { explainDockerfileFailure } from "./failure.ts";
import { type RegistryAccess, writeRegistryAccess } from "./registries.ts";
import type { DockerfileSpec } from "./spec.ts";
import { followSteps, type StepLog } from "./steps.ts";
import { type DockerfileOptions, findCurrent, readWork, type Work } from "./work.ts";

/** What came of it. */
export interface DockerfileResult {
  readonly box: Box;
  /** False when the box in the store is what a build would give. */
  readonly built: boolean;
}

/** Others may compile for hours. */
const PATIENCE_MS = 24 * 3_600_000;

/**
 * Builds a Dockerfile and puts the box under its name; the one before serves until then. Does nothing when neither
 * the Dockerfile, the arguments nor any file that it can copy has changed; a base image is looked up at the first
 * build and with `force`, never by itself. Steps that are unchanged come from a cache, also after a failure.
 * Builds of one store run one after the other.
 * @throws BothyError `DOCKERFILE_FAILED`, `TOOL_MISSING`, `NOT_ROOT`, `DISK_FULL`, `INTERRUPTED`, and the codes of
 * registries for base images.
 */
export async function buildDockerfile(
  layout: Layout,
  spec: DockerfileSpec,
  options: DockerfileOptions = {},
): Promise<DockerfileResult> {
  const work = await readWork(layout, spec, options);
  const { force, signal } = options;
  const present = force ? undefined : await findCurrent(work);
  if (present) return { box: present, built: false };
  if (process.getuid?.() !== 0)
    throw new BothyError("NOT_ROOT", `building ${work.dockerfile.path} needs root`);
  let waited = false;
  const onWait = (holder: { pid: number } | undefined) => {
    waited = true;
    options.report?.(
      `waiting for ${holder ? `process ${holder.pid}` : "another process"}, which builds a Dockerfile`,
    );
  };
  await using _held = await lock(layout.lock(BUILD_LOCK), { signal, onWait, timeoutMs: PATIENCE_MS });
  const others = waited && !force ? await findCurrent(work) : undefined;
  return others ? { box: others, built: false } : { box: await build(work), built: true };
}

async function build(work: Work): Promise<Box> {
  const { layout, spec, name, text, options, dockerfile } = work;
  const { signal, report } = options;
  await using scratch = await workspace(layout, BUILD_LOCK);
  const access = await writeRegistryAccess(scratch.folder, baseReferences(dockerfile, spec.args));
  const buildah = await openBuildah(layout, scratch.folder, access, signal);
  await clearLeftovers(layout, buildah);
  const log = followSteps(report);
  const id = await runBuild(work, buildah, access, log);
  report?.("adding its layers to the store");
  await using image = await openBuiltImage(layout, buildah, id, dockerfile.path);
  const box = await addImage(layout, image, name, { signal, report, origin: work.source });
  const mentions = [text, ...Object.values(spec.args ?? {})].join("\n");
  await tidyCache(layout, buildah, { box: name, steps: [...log.images(), id], text: mentions });
  return box;
}

/** What a killed build left: containers, and temporary files but for the caches of `RUN --mount=type=cache`. */
async function clearLeftovers(layout: Layout, buildah: Buildah): Promise<void> {
  await removeContainers(buildah);
  const folder = join(buildahFolder(layout), "tmp");
  const names = (await readdir(folder)).filter((name) => !name.startsWith("buildah-cache"));
  await Promise.all(names.map((name) => removeTree(join(folder, name), { within: folder })));
}

/** Runs all steps and returns the image's id. */
async function runBuild(work: Work, buildah: Buildah, access: RegistryAccess, log: StepLog): Promise<string> {
  const { layout, spec, dockerfile, options } = work;
  const { signal, onOutput } = options;
  const argv = await buildArguments(work, buildah, access);
  const onLine = (raw: string) => {
    const line = plainLine(raw); // programs and base images say what they like
    log.add(line);
    onOutput?.(line);
  };
  try {
    const { stdout } = await buildah.run(argv, { signal, onLine });
    return requireId(stdout, dockerfile.path);
  } catch (error) {
    if (signal?.aborted) await removeContainers(buildah);
    await keepSteps(layout, work.name, log.images()).catch(() => {}); // why the build failed is what counts
    throw await explainDockerfileFailure(error, { layout, context: spec.context, dockerfile, log, signal });
  }
}

/** The last thing that buildah prints is the image's id. */
function requireId(output: string, path: string): string {
  const id = /([0-9a-f]{64})\s*$/.exec(output)?.[1];
  if (id !== undefined) return id;
  throw new BothyError("DOCKERFILE_FAILED", `buildah did not say what it made of ${path}`);
}
