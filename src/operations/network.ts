import { listRecords, type MachineRecord } from "../machines/index.ts";
import {
  allocate,
  allocated,
  domainOf,
  ensureNetwork,
  release,
  removeNetwork,
  updateNames,
} from "../network/index.ts";
import type { Nic } from "../providers/provider.ts";
import { lock, tryLock } from "../system/index.ts";
import type { Context } from "./context.ts";
import { liveStates } from "./live.ts";

/** A machine's place in its project's network, ready to be plugged in. */
export interface Attachment {
  readonly nics: readonly Nic[];
  /** The address that users and bothy reach it at. */
  readonly ip: string;
  readonly resolver: { readonly address: string; readonly domain: string };
}

/**
 * Gives the machine its addresses and makes the project's network and names work; for a machine that is about to
 * start, also sees to it that its link names are free. The caller holds the machine's lock.
 */
export async function attachToNetwork(
  ctx: Context,
  record: MachineRecord,
  options: { starting: boolean },
): Promise<Attachment> {
  const { id: projectId, name } = record.project;
  const nics = (await allocate(ctx.layout, projectId, [record.id])).get(record.id) ?? [];
  await ensureNetwork(ctx.layout, projectId, options.starting ? nics : []);
  await publishNames(ctx, record.project);
  return {
    nics,
    ip: hostAddress(nics),
    resolver: { address: nics[0]?.gateway ?? "", domain: domainOf(name) },
  };
}

/** The address of a machine, known from its creation on; `undefined` before. */
export async function addressOf(ctx: Context, record: MachineRecord): Promise<string | undefined> {
  const nics = (await allocated(ctx.layout, record.project.id)).get(record.id);
  return nics && nics.length > 0 ? hostAddress(nics) : undefined;
}

/** Takes a destroyed machine's addresses back. Idempotent. */
export async function releaseFromNetwork(ctx: Context, record: MachineRecord): Promise<void> {
  await release(ctx.layout, record.project.id, [record.id]);
}

/** Removes the networks of those projects where nothing runs any more; a machine that is being started keeps its own. */
export async function releaseIdleNetworks(
  ctx: Context,
  machines: readonly { record: MachineRecord }[],
): Promise<void> {
  const projects = new Set(machines.map(({ record }) => record.project.id));
  await Promise.all([...projects].map((id) => releaseIfIdle(ctx, id)));
}

async function releaseIfIdle(ctx: Context, projectId: string): Promise<void> {
  await using _ = await lock(ctx.layout.lock(`project-${projectId}`)); // no signal: this is cleaning up
  const { records, broken } = await listRecords(ctx.layout);
  if (broken.length > 0) return; // one of them may be the project's, and run
  const own = records.filter((record) => record.project.id === projectId);
  const live = await liveStates(ctx, own);
  if ([...live.values()].some(({ state }) => state !== "stopped" && state !== "broken")) return;
  await using held = await holdAll(ctx, own);
  if (held.complete) await removeNetwork(ctx.layout, projectId);
}

/** The locks of all these machines, or of some when another process works on one. */
async function holdAll(
  ctx: Context,
  records: readonly MachineRecord[],
): Promise<AsyncDisposable & { complete: boolean }> {
  const locks = await Promise.all(records.map((record) => tryLock(ctx.layout.lock(`machine-${record.id}`))));
  return {
    complete: locks.every((one) => one !== undefined),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(locks.map((one) => one?.[Symbol.asyncDispose]()));
    },
  };
}

/** The names of all the project's machines; listed under the network's lock, so that parallel starts lose none. */
async function publishNames(ctx: Context, project: MachineRecord["project"]): Promise<void> {
  await updateNames(ctx.layout, project, async () => {
    const [{ records }, nics] = await Promise.all([
      listRecords(ctx.layout),
      allocated(ctx.layout, project.id),
    ]);
    const known = records.filter((record) => record.project.id === project.id && nics.has(record.id));
    return known.map(({ id, name }) => ({ id, name }));
  });
}

function hostAddress(nics: readonly Nic[]): string {
  return nics[0]?.address.split("/")[0] ?? "";
}
