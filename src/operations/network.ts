import { BothyError } from "../errors.ts";
import { listRecords, type MachineRecord } from "../machines/index.ts";
import { allocate, allocated, domainOf, ensureNetwork, release, updateNames } from "../network/index.ts";
import type { Nic } from "../providers/provider.ts";
import type { Context } from "./context.ts";

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
  await release(ctx.layout, record.project.id, [record.id]).catch((error) => {
    if (!(error instanceof BothyError && error.code === "STATE_INVALID")) throw error; // damaged: nothing can be taken back
  });
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
