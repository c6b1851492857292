import { access, chmod, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { BothyError, messageOf } from "../errors.ts";
import { ensureFolder, type Layout, lock, readIfExists, removeTree, writeJson } from "../system/index.ts";
import { workspace } from "./workspace.ts";

/** Progress and cancellation of a build, handed down by the caller. */
export interface BuildContext {
  readonly signal?: AbortSignal | undefined;
  /** Says what is being done, one line for a person. */
  readonly report?: ((line: string) => void) | undefined;
}

/** How one kind of artefact is made. */
export interface ArtefactKind {
  readonly name: "kernel" | "tools";
  /** The files that a complete one has. */
  readonly files: readonly string[];
  /** A key that changes whenever `inputs` may; takes milliseconds. */
  quickKey(): Promise<string>;
  /** Names the recipe alone: one that was made by another bothy's recipe does not fit this one. */
  recipeKey?(): Promise<string>;
  /** Everything that the result depends on; `key` names it. */
  inputs(context: BuildContext): Promise<ArtefactInputs>;
}

/** What one build is made from. */
export interface ArtefactInputs {
  readonly key: string;
  /** Makes the files in `folder`, with `scratch` for what is not kept; returns the digest of the result. */
  make(folder: string, scratch: string, context: BuildContext): Promise<string>;
}

/** Names the newest artefact of a kind, and what it was made from. */
interface Current {
  readonly version: 1;
  readonly digest: string;
  readonly quickKey: string;
  readonly key: string;
  /** The recipe's key; absent in those of early versions. */
  readonly recipe?: string | undefined;
}

/**
 * The digest of the newest complete artefact of a kind, however old its packages; `undefined` when there is none, or
 * only one of another recipe.
 */
export async function findArtefact(layout: Layout, kind: ArtefactKind): Promise<string | undefined> {
  const current = await readCurrent(layout, kind);
  if (!current) return undefined;
  const fits = current.recipe === undefined || current.recipe === (await kind.recipeKey?.());
  return fits ? current.digest : undefined;
}

/**
 * The digest of the artefact that belongs to today's recipe and packages; builds it when there is none.
 * An unchanged recipe takes milliseconds. All or nothing, also when aborted; one process builds, others wait.
 * @throws BothyError `BOX_BUILD_FAILED`, `TOOL_MISSING`, `DISK_FULL`, `INTERRUPTED`, `LOCKED`.
 */
export async function buildArtefact(
  layout: Layout,
  kind: ArtefactKind,
  context: BuildContext,
): Promise<string> {
  const quickKey = await kind.quickKey();
  const current = await readCurrent(layout, kind);
  if (current?.quickKey === quickKey) return current.digest;
  await using _ = await lock(layout.lock(`build-${kind.name}`), { signal: context.signal });
  const digest = await buildUnlessSame(layout, kind, quickKey, context);
  return digest;
}

async function buildUnlessSame(
  layout: Layout,
  kind: ArtefactKind,
  quickKey: string,
  context: BuildContext,
): Promise<string> {
  const current = await readCurrent(layout, kind); // another process may have built it while we waited
  if (current?.quickKey === quickKey) return current.digest;
  try {
    const inputs = await kind.inputs(context);
    const digest = current?.key === inputs.key ? current.digest : await make(layout, kind, inputs, context);
    const recipe = await kind.recipeKey?.();
    const next: Current = { version: 1, digest, quickKey, key: inputs.key, ...(recipe ? { recipe } : {}) };
    await writeJson(currentFile(layout, kind.name), next);
    return digest;
  } catch (error) {
    throw explain(error, kind);
  }
}

async function make(
  layout: Layout,
  kind: ArtefactKind,
  inputs: ArtefactInputs,
  context: BuildContext,
): Promise<string> {
  await using scratch = await workspace(layout, `build-${kind.name}`);
  const result = join(scratch.folder, "result");
  await mkdir(result);
  await chmod(result, 0o755); // QEMU's user reads it, whatever our umask is
  const digest = await inputs.make(result, scratch.folder, context);
  if (!(await isComplete(layout, kind, digest))) await keep(layout, kind, result, digest);
  return digest;
}

async function keep(layout: Layout, kind: ArtefactKind, result: string, digest: string): Promise<void> {
  const target = layout.artefact(kind.name, digest);
  await ensureFolder(layout.artefacts(kind.name));
  await removeTree(target, { within: layout.artefacts(kind.name) }); // only there when somebody took files out of it
  await rename(result, target);
}

/** What names the newest artefact of a kind, whether that is whole or not; `undefined` when nobody can tell. */
export async function readPointer(layout: Layout, kind: ArtefactKind["name"]): Promise<Current | undefined> {
  const text = await readIfExists(currentFile(layout, kind));
  return text === undefined ? undefined : parseCurrent(text);
}

/** The file that names the newest artefact of a kind; written by each build that found another recipe or package. */
export function currentFile(layout: Layout, kind: ArtefactKind["name"]): string {
  return join(layout.artefacts(kind), "current.json");
}

async function readCurrent(layout: Layout, kind: ArtefactKind): Promise<Current | undefined> {
  const current = await readPointer(layout, kind.name);
  return current && (await isComplete(layout, kind, current.digest)) ? current : undefined;
}

/** A pointer that cannot be read is as good as none: the build makes it again. */
function parseCurrent(text: string): Current | undefined {
  try {
    const current = JSON.parse(text) as Current;
    return current.version === 1 && /^[0-9a-f]{64}$/.test(current.digest) ? current : undefined;
  } catch {
    return undefined;
  }
}

async function isComplete(layout: Layout, kind: ArtefactKind, digest: string): Promise<boolean> {
  const folder = layout.artefact(kind.name, digest);
  const present = kind.files.map((file) => access(join(folder, file)));
  return Promise.all(present).then(
    () => true,
    () => false,
  );
}

/** Errors that say more than "the build failed" stay as they are. */
function explain(error: unknown, kind: ArtefactKind): unknown {
  if (error instanceof BothyError && error.code !== "COMMAND_FAILED") return error;
  return new BothyError("BOX_BUILD_FAILED", `the ${kind.name} could not be built: ${messageOf(error)}`, {
    hints: ["`apt-get update` where packages are not found", "`bothy doctor` checks the tools of this host"],
    cause: error,
  });
}
