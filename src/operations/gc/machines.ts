import { readdir } from "node:fs/promises";
import { hasErrno } from "../../errors.ts";
import { listRecords, type MachineRecord, readRecord, removeMachineFiles } from "../../machines/index.ts";
import type { LiveMachine, Provider } from "../../providers/provider.ts";
import { ISOLATIONS } from "../../providers/registry.ts";
import { tryLock } from "../../system/index.ts";
import type { Context } from "../context.ts";
import { removeMachine } from "../remove-machine.ts";
import type { Progress } from "../reporter.ts";
import { tidyProjects } from "../tidy-projects.ts";
import type { Leftover, SweepOptions } from "./leftover.ts";

/** What looks dead from outside; only who holds the machine's lock can tell. */
interface Candidate extends Leftover {
  readonly id: string;
  /** Asked under the machine's lock. */
  isDead(): Promise<boolean>;
  remove(): Promise<void>;
}

const SILENT: Progress = { report: () => {}, title: () => {} };

/** Runs without a machine, dead runs, machines half made or half destroyed, and folders that hold no machine. */
export async function sweepMachines(ctx: Context, options: SweepOptions): Promise<Leftover[]> {
  const { records, broken } = await listRecords(ctx.layout);
  const known = new Set([...records, ...broken].map(({ id }) => id));
  const found: Leftover[] = [];
  const candidates = [...(await deadRuns(ctx, known)), ...halfMachines(ctx, records)];
  for (const candidate of [...candidates, ...(await emptyFolders(ctx, known))]) {
    if (await settle(ctx, candidate, options)) found.push({ kind: candidate.kind, name: candidate.name });
  }
  const projects = records.map(({ project }) => project);
  if (!options.dryRun) await tidyProjects(ctx, projects, { forgetEmpty: false });
  return found;
}

/** Looks again while no other process can work on the machine, for it may have come up since; whether it was dead. */
async function settle(ctx: Context, candidate: Candidate, { dryRun }: SweepOptions): Promise<boolean> {
  await using held = await tryLock(ctx.layout.lock(`machine-${candidate.id}`));
  if (!held || !(await candidate.isDead())) return false;
  if (!dryRun) await candidate.remove();
  return true;
}

/** Runs that the backends know and the store does not, or that ended and still hold something. */
async function deadRuns(ctx: Context, known: ReadonlySet<string>): Promise<Candidate[]> {
  const providers = await Promise.all(ISOLATIONS.map((isolation) => ctx.providers.get(isolation)));
  const all = await Promise.all(
    providers.map(async (provider) => {
      const suspects = [...(await provider.inspect()).values()].filter((live) => isDeadRun(live, known));
      return suspects.map((live) => deadRun(ctx, provider, live));
    }),
  );
  return all.flat();
}

function deadRun(ctx: Context, provider: Provider, { id, name }: LiveMachine): Candidate {
  return {
    id,
    kind: provider.isolation,
    name: `${name || id} (${id})`,
    isDead: async () => {
      const [{ records, broken }, live] = await Promise.all([listRecords(ctx.layout), provider.inspect()]);
      const now = live.get(id);
      return now !== undefined && isDeadRun(now, new Set([...records, ...broken].map((one) => one.id)));
    },
    remove: () => provider.stop(id, { deadlineMs: 0 }),
  };
}

function isDeadRun({ id, state }: LiveMachine, known: ReadonlySet<string>): boolean {
  return !known.has(id) || state === "stopped" || state === "broken";
}

function halfMachines(ctx: Context, records: readonly MachineRecord[]): Candidate[] {
  const half = records.filter(({ intent }) => intent !== "present");
  return half.map(({ id, name, intent }) => ({
    id,
    kind: "machine",
    name: `${name} (${intent} was interrupted)`,
    isDead: async () => (await halfMade(ctx, id)) !== undefined,
    remove: async () => {
      const record = await halfMade(ctx, id);
      if (record) await removeMachine(ctx, record, SILENT);
    },
  }));
}

/** The machine's record as it is now, if its making or its removal was never finished. */
async function halfMade(ctx: Context, id: string): Promise<MachineRecord | undefined> {
  const record = await readRecord(ctx.layout, id).catch(() => undefined); // gone, or damaged since: then it is kept
  return record?.intent === "present" ? undefined : record;
}

/** What a kill left of a machine's folder before its record was written, or after it was removed. */
async function emptyFolders(ctx: Context, known: ReadonlySet<string>): Promise<Candidate[]> {
  const names = await machineFolders(ctx);
  return names
    .filter((id) => !known.has(id))
    .map((id) => ({
      id,
      kind: "machine",
      name: `${id} (an empty folder)`,
      isDead: async () => (await machineFolders(ctx)).includes(id) && !(await isMachine(ctx, id)),
      remove: () => removeMachineFiles(ctx.layout, id),
    }));
}

async function isMachine(ctx: Context, id: string): Promise<boolean> {
  const { records, broken } = await listRecords(ctx.layout);
  return [...records, ...broken].some((one) => one.id === id);
}

async function machineFolders(ctx: Context): Promise<string[]> {
  const names = await readdir(ctx.layout.machines()).catch((error: unknown) => {
    if (hasErrno(error, "ENOENT")) return [];
    throw error;
  });
  return names.filter((name) => /^[0-9a-f]{12}$/.test(name));
}
