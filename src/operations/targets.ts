import { type LoadedProject, loadProject, type MachineConfig } from "../config/index.ts";
import { BothyError } from "../errors.ts";
import { type BrokenRecord, listRecords, type MachineRecord, readProjectId } from "../machines/index.ts";
import type { Isolation } from "../providers/provider.ts";
import type { Context } from "./context.ts";

/** A machine that a command is about: named in the project file, known to the store, or both. */
export interface Target {
  readonly name: string;
  readonly config?: MachineConfig | undefined;
  readonly record?: MachineRecord | undefined;
  /** Its files are damaged. */
  readonly broken?: BrokenRecord | undefined;
}

/** The project around the current folder with its machines, and every other machine of the store. */
export interface Fleet {
  readonly project?: LoadedProject | undefined;
  readonly projectId?: string | undefined;
  /** Machines of the project: those of the file in its order, then those that the file no longer has. */
  readonly machines: readonly Target[];
  readonly elsewhere: readonly Target[];
}

/** A machine that has a record; what all commands but `up` work on. */
export type KnownTarget = Target & { readonly record: MachineRecord };

/** Reads the project file and the store. Without a project every machine is `elsewhere`. */
export async function loadFleet(ctx: Context, options: { needsProject?: boolean } = {}): Promise<Fleet> {
  const [project, { records, broken }] = await Promise.all([tryLoad(ctx, options), listRecords(ctx.layout)]);
  for (const warning of project?.warnings ?? []) ctx.reporter.warn(warning);
  const projectId = project ? await readProjectId(project.folder) : undefined;
  const own = records.filter((record) => projectId !== undefined && record.project.id === projectId);
  const configured = (project?.config.machines ?? []).map((config) => ({
    name: config.name,
    config,
    record: own.find((record) => record.name === config.name),
  }));
  const dropped = own.filter((record) => !configured.some((target) => target.record === record)).map(known);
  const foreign = records.filter((record) => !own.includes(record)).map(known);
  return {
    project,
    projectId,
    machines: [...configured, ...dropped],
    elsewhere: [...foreign, ...broken.map((one) => ({ name: one.id, broken: one }))],
  };
}

/**
 * The machines that `patterns` name: names, globs, or id prefixes of four digits or more (those also outside the project).
 * No pattern means every machine of the project.
 * @throws BothyError `MACHINE_UNKNOWN` for a pattern that matches nothing.
 */
export function selectTargets(fleet: Fleet, patterns: readonly string[]): Target[] {
  if (patterns.length === 0) {
    if (!fleet.project) throw noProject();
    return [...fleet.machines];
  }
  return [...new Set(patterns.flatMap((pattern) => match(fleet, pattern)))];
}

/** The one machine that `pattern` names; without a pattern, the project's only one. @throws BothyError `MACHINE_AMBIGUOUS`. */
export function selectOne(fleet: Fleet, pattern: string | undefined): Target {
  const found = selectTargets(fleet, pattern === undefined ? [] : [pattern]);
  const [only, ...others] = found;
  if (only && others.length === 0) return only;
  const names = found.map((target) => target.name);
  throw new BothyError(
    "MACHINE_AMBIGUOUS",
    `which machine? ${pattern === undefined ? "The project has" : `"${pattern}" matches`} ${names.join(", ")}`,
    {
      hints: [`name one of them: \`bothy ssh ${names[0]}\``],
    },
  );
}

/** Those targets that exist; the others are no failure for commands that take things away. */
export function knownTargets(targets: readonly Target[]): KnownTarget[] {
  return targets.filter((target): target is KnownTarget => target.record !== undefined);
}

/** The target, if it exists. @throws BothyError `MACHINE_STATE` when it was never created, `MACHINE_BROKEN` when its files are damaged. */
export function requireKnown(target: Target): KnownTarget {
  if (target.broken) throw target.broken.error;
  if (target.record) return { ...target, record: target.record };
  throw new BothyError("MACHINE_STATE", `machine "${target.name}" does not exist yet`, {
    hints: [`bothy up ${target.name}`],
  });
}

/**
 * The level that a machine shall run at: the flag's; else the file's, when that changed since it was last read; else
 * the one it last ran at.
 */
export function wantedLevel({ config, record }: Target, flag?: Isolation): Isolation {
  if (flag) return flag;
  if (record && (!config || config.isolation === record.fileIsolation)) return record.isolation;
  return config?.isolation ?? "container";
}

function known(record: MachineRecord): Target {
  return { name: record.name, record };
}

async function tryLoad(
  ctx: Context,
  options: { needsProject?: boolean },
): Promise<LoadedProject | undefined> {
  try {
    return await loadProject({ cwd: ctx.cwd });
  } catch (error) {
    if (!options.needsProject && error instanceof BothyError && error.code === "CONFIG_MISSING")
      return undefined;
    throw error;
  }
}

function match(fleet: Fleet, pattern: string): Target[] {
  const glob = globPattern(pattern);
  const named = fleet.machines.filter((target) => glob.test(target.name));
  if (named.length > 0) return named;
  const all = [...fleet.machines, ...fleet.elsewhere];
  const byId = /^[0-9a-f]{4,}$/.test(pattern)
    ? all.filter((target) => idOf(target)?.startsWith(pattern))
    : [];
  if (byId.length > 0) return byId;
  throw new BothyError("MACHINE_UNKNOWN", `no machine matches "${pattern}"`, {
    hints: [
      fleet.machines.length > 0
        ? `this project has: ${fleet.machines.map((target) => target.name).join(", ")}`
        : "`bothy init` begins a project here",
      "`bothy status --all` lists every machine of this host with its id",
    ],
  });
}

function idOf(target: Target): string | undefined {
  return target.record?.id ?? target.broken?.id;
}

/** A glob of `*` and `?` as a regular expression over a whole name. */
function globPattern(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`);
}

function noProject(): BothyError {
  return new BothyError("CONFIG_MISSING", "no bothy.yaml in this folder or above it", {
    hints: ["`bothy init debian/12` writes one", "name a machine by its id: `bothy status --all` lists them"],
  });
}
