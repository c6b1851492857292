import { stat } from "node:fs/promises";
import { messageOf } from "../errors.ts";
import type { MachineRecord } from "../machines/index.ts";
import type { Isolation } from "../providers/provider.ts";
import type { Context } from "./context.ts";
import type { Health } from "./health.ts";
import { type Live, liveStates, type MachineState } from "./live.ts";
import { addressOf } from "./network.ts";
import { sourceName } from "./source-name.ts";
import { type Fleet, loadFleet, selectTargets, type Target } from "./targets.ts";

/** One line of `status`; the shape of `status --json`. */
export interface MachineStatus {
  readonly name: string;
  readonly id: string | null;
  readonly isolation: Isolation;
  readonly provider: string;
  readonly state: MachineState;
  /** What the image's health check says; `null` without one, and while the machine does not run. */
  readonly health: Health | null;
  readonly box: string;
  readonly ip: string | null;
  readonly ports: readonly { host: number; guest: number; protocol: string; address: string }[];
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly diskMiB: number;
  /** What the data disk takes on the host, MiB. */
  readonly diskUsedMiB: number | null;
  readonly uptimeS: number | null;
  /** Why it stopped, is broken or unknown. */
  readonly reason: string | null;
  /** The project's folder; only with `--all`. */
  readonly project?: string;
}

/** What `status` returns. */
export interface StatusResult {
  readonly project: { readonly id: string | null; readonly name: string; readonly path: string } | null;
  readonly machines: readonly MachineStatus[];
}

/** The live state of machines: of the project, or with `all` of every project on this host. */
export async function status(
  ctx: Context,
  options: { machines: readonly string[]; all?: boolean },
): Promise<StatusResult> {
  const fleet = options.all ? await wholeFleet(ctx) : await loadFleet(ctx);
  const targets =
    options.all && options.machines.length === 0
      ? [...fleet.machines, ...fleet.elsewhere]
      : selectTargets(fleet, options.machines);
  const records = targets.flatMap((target) => (target.record ? [target.record] : []));
  const live = await liveStates(ctx, records);
  const machines = await Promise.all(
    targets.map((target) => describe(ctx, target, live.get(target.record?.id ?? ""), options.all ?? false)),
  );
  return { project: projectOf(fleet), machines };
}

/** Every machine of the host; a broken project file here must not hide the others. */
async function wholeFleet(ctx: Context): Promise<Fleet> {
  return loadFleet(ctx).catch((error) => {
    ctx.reporter.warn(String(error.message));
    return loadFleet({ ...ctx, cwd: "/" });
  });
}

function projectOf({ project, projectId }: Fleet): StatusResult["project"] {
  return project ? { id: projectId ?? null, name: project.config.name, path: project.folder } : null;
}

async function describe(
  ctx: Context,
  target: Target,
  live: Live | undefined,
  all: boolean,
): Promise<MachineStatus> {
  const isolation = live?.isolation ?? target.record?.isolation ?? target.config?.isolation ?? "container";
  const wanted = target.record ?? target.config;
  const project = target.record?.project.path;
  const address = await knownAddress(ctx, target);
  return {
    name: target.name,
    id: target.record?.id ?? target.broken?.id ?? null,
    isolation,
    provider: (await ctx.providers.get(isolation)).name,
    state: target.broken ? "broken" : (live?.state ?? "absent"),
    health: target.record && live ? await knownHealth(ctx, target.record, live) : null,
    box: target.record?.box.name ?? (target.config ? sourceName(target.config.source) : ""),
    ip: address.ip,
    ports: [],
    cpus: wanted?.cpus ?? 0,
    memoryMiB: wanted?.memoryMiB ?? 0,
    diskMiB: wanted?.diskMiB ?? 0,
    diskUsedMiB: target.record ? await diskUsedMiB(ctx, target.record) : null,
    uptimeS: live?.uptimeS ?? null,
    reason: target.broken?.error.message ?? live?.reason ?? address.problem,
    ...(all && project !== undefined ? { project } : {}),
  };
}

/** What reaches into machines is only loaded where there is something to ask. */
async function knownHealth(ctx: Context, record: MachineRecord, live: Live): Promise<Health | null> {
  if (!record.box.healthcheck) return null;
  return (await import("./health.ts")).healthOf(ctx, record, live);
}

/** A damaged network file must not hide the machine. */
async function knownAddress(
  ctx: Context,
  { record }: Target,
): Promise<{ ip: string | null; problem: string | null }> {
  try {
    return { ip: (record && (await addressOf(ctx, record))) ?? null, problem: null };
  } catch (error) {
    return { ip: null, problem: messageOf(error) };
  }
}

async function diskUsedMiB(ctx: Context, record: MachineRecord): Promise<number | null> {
  const disk = await stat(ctx.layout.machine(record.id).disk).catch(() => undefined);
  return disk ? Math.round((disk.blocks * 512) / 1024 / 1024) : null;
}
