import { join } from "node:path";
import * as z from "zod";
import { BothyError } from "../../errors.ts";
import {
  debug,
  type Layout,
  lock,
  readIfExists,
  removeTree,
  statIfExists,
  writeJson,
} from "../../system/index.ts";
import { readBox } from "../entries.ts";
import { workspace } from "../workspace.ts";
import { BUILD_LOCK, type Buildah, buildahFolder, openBuildah } from "./buildah.ts";
import { NO_REGISTRIES } from "./registries.ts";
import { ID_LENGTH } from "./steps.ts";

/** Which images each box's last build used: steps and bases, by the first digits of their ids. */
const recordSchema = z.object({
  version: z.literal(1),
  builds: z.record(
    z.string(),
    z.object({
      images: z.array(z.string()),
      /** When it failed: its steps are kept for the next try, for a while even without a box. */
      failedAt: z.iso.datetime().optional(),
    }),
  ),
});
const listed = z.array(z.object({ id: z.string(), names: z.array(z.string()).nullish() }));

type Builds = z.infer<typeof recordSchema>["builds"];

/** So long are the steps of a failed build kept where there is no box. */
const RETRY_MS = 24 * 3_600_000;

/**
 * Remembers what a build used and removes what no box's last build did: old steps, and base images that no Dockerfile
 * names any more. The cache is worth no failure: what cannot be removed stays until the next time.
 */
export async function tidyCache(
  layout: Layout,
  buildah: Buildah,
  build?: { readonly box: string; readonly steps: readonly string[]; readonly text: string },
): Promise<void> {
  try {
    const images = listed.parse(
      JSON.parse((await buildah.run(["images", "--all", "--json", "--no-trunc"])).stdout),
    );
    const builds = await liveBuilds(layout);
    if (build) {
      const bases = images.filter(isNamedIn(build.text)).map(({ id }) => short(id));
      builds[build.box] = { images: [...new Set([...build.steps.map(short), ...bases])] };
    }
    await writeBuilds(layout, builds);
    const used = new Set(Object.values(builds).flatMap((each) => each.images));
    const unused = images.map(({ id }) => id).filter((id) => !used.has(short(id)));
    if (unused.length > 0) await buildah.run(["rmi", "--force", ...unused]);
  } catch (error) {
    if (error instanceof BothyError && error.code !== "COMMAND_FAILED") throw error;
    debug(() => `the build cache stays as it is: ${String(error)}`);
  }
}

/** Keeps the steps of a build that failed, beside those of the last one that did not. */
export async function keepSteps(layout: Layout, box: string, steps: readonly string[]): Promise<void> {
  const builds = await readBuilds(layout);
  const images = new Set([...(builds[box]?.images ?? []), ...steps.map(short)]);
  await writeBuilds(layout, {
    ...builds,
    [box]: { images: [...images], failedAt: new Date().toISOString() },
  });
}

/** Removes containers that a build left which was killed. */
export async function removeContainers(buildah: Buildah): Promise<void> {
  await buildah
    .run(["rm", "--all"])
    .catch((error: unknown) => debug(() => `containers stay: ${String(error)}`));
}

/**
 * Removes from the build cache what belongs to boxes that are gone; all of it with `all`: then the next builds take
 * as long as the first. Waits for builds that run.
 */
export async function pruneBuildCache(
  layout: Layout,
  options: { readonly all?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  if (!(await statIfExists(buildahFolder(layout)))) return;
  await using _held = await lock(layout.lock(BUILD_LOCK), { signal: options.signal });
  if (options.all || Object.keys(await liveBuilds(layout)).length === 0) {
    return await removeTree(buildahFolder(layout), { within: layout.home });
  }
  await using scratch = await workspace(layout, BUILD_LOCK);
  const buildah = await openBuildah(layout, scratch.folder, NO_REGISTRIES, options.signal);
  await removeContainers(buildah);
  await tidyCache(layout, buildah);
}

async function liveBuilds(layout: Layout): Promise<Builds> {
  const all = Object.entries(await readBuilds(layout));
  const kept = await Promise.all(
    all.map(async ([name, { failedAt }]) => {
      const isFresh = failedAt !== undefined && Date.now() - Date.parse(failedAt) < RETRY_MS;
      return isFresh || (await isBuilt(layout, name));
    }),
  );
  return Object.fromEntries(all.filter((_, index) => kept[index]));
}

async function isBuilt(layout: Layout, name: string): Promise<boolean> {
  const box = await readBox(layout, name).catch(() => undefined);
  return Boolean(box?.source && "context" in box.source);
}

async function readBuilds(layout: Layout): Promise<Builds> {
  const text = await readIfExists(recordPath(layout));
  try {
    return recordSchema.parse(JSON.parse(text ?? "")).builds;
  } catch {
    return {}; // none yet, or damaged: it is only a cache
  }
}

async function writeBuilds(layout: Layout, builds: Builds): Promise<void> {
  await writeJson(recordPath(layout), { version: 1, builds });
}

function recordPath(layout: Layout): string {
  return join(buildahFolder(layout), "builds.json");
}

/** Names may be put together from ARGs: the last part of one has to be somewhere in the Dockerfile or the arguments. */
function isNamedIn(text: string): (image: z.infer<typeof listed>[number]) => boolean {
  const lastPart = (name: string) => (name.split("/").at(-1) ?? "").replace(/[:@].*$/, "");
  return ({ names }) => (names ?? []).some((name) => text.includes(lastPart(name)));
}

function short(id: string): string {
  return id.replace("sha256:", "").slice(0, ID_LENGTH);
}
