import { BothyError, messageOf } from "../../errors.ts";
import { type DomainRef, type LibvirtClient, ListFlags } from "../../libvirt/index.ts";
import { describeEnd, readConsoleEnd } from "../console-end.ts";
import type { LiveMachine } from "../provider.ts";
import { readTail } from "../tail.ts";
import { connectOrLaunch, translate, tryConnect } from "./daemon/index.ts";
import { machineState } from "./domain/index.ts";
import { absentAs, hasEnded, readTag } from "./find.ts";
import { listQemuOfStore } from "./host/index.ts";
import { panicIn, readEnd } from "./qemu-log.ts";
import { listRunRecords, type RunRecord } from "./run-files.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * `Provider.inspect`: the domains of this store, and what is left of those that ended without us.
 * Where no daemon listens and no QEMU of ours lives, nothing runs: no daemon is needed to say so.
 */
export async function inspectDomains(around: Surroundings): Promise<ReadonlyMap<string, LiveMachine>> {
  const [client, records] = await Promise.all([reach(around), listRunRecords(around.layout)]);
  const live = client ? await listLive(client, around.layout.tag) : [];
  const machines = new Map(live.map((machine) => [machine.id, machine]));
  const ended = records.filter(({ id }) => !machines.has(id));
  for (const record of ended) machines.set(record.id, await leftover(around, record));
  return machines;
}

async function listLive(client: LibvirtClient, store: string): Promise<LiveMachine[]> {
  await using connection = client;
  try {
    const domains = await connection.domains.list(ListFlags.ACTIVE);
    const ours = domains.filter(({ name }) => name.startsWith("bothy-"));
    const machines = await Promise.all(ours.map((domain) => describe(connection, domain, store)));
    return machines.filter((machine) => machine !== undefined);
  } catch (error) {
    throw translate(error, "list the machines");
  }
}

async function describe(
  client: LibvirtClient,
  domain: DomainRef,
  store: string,
): Promise<LiveMachine | undefined> {
  const [tag, status, ended] = await Promise.all([
    readTag(client, domain),
    absentAs(undefined, client.domains.state(domain)),
    hasEnded(domain),
  ]);
  if (!status || tag?.store !== store) return undefined;
  return {
    id: tag.id,
    project: tag.projectId,
    name: tag.name,
    uptimeS: Math.max(0, Math.floor(Date.now() / 1000) - tag.startedS),
    ...(ended ? { state: "stopped", reason: "its QEMU has just ended" } : machineState(status)),
  };
}

async function leftover({ layout }: Surroundings, record: RunRecord): Promise<LiveMachine> {
  const { id, project, name, domain, consoleFrom } = record;
  const said = await readTail(layout.machine(id).console, consoleFrom);
  const end = describeEnd(readConsoleEnd(said), panicIn(said) ?? (await readEnd(domain)));
  return { id, project, name, state: "stopped", ...end };
}

/**
 * A connection, or `undefined` where nobody listens and no QEMU of ours lives. One that lost its daemon gets a new
 * one, which finds the QEMUs of its predecessor again.
 * @throws BothyError `DAEMON_UNREACHABLE` when that cannot be: nobody can say how they are, and they are not gone.
 */
async function reach(around: Surroundings): Promise<LibvirtClient | undefined> {
  const client = await tryConnect(around);
  if (client) return client;
  const pids = await listQemuOfStore(around.layout);
  if (pids.length === 0) return undefined;
  try {
    return await connectOrLaunch(around);
  } catch (cause) {
    throw blind(pids, cause);
  }
}

function blind(pids: readonly number[], cause: unknown): BothyError {
  const message = `VMs run (pid ${pids.join(", ")}) and no libvirt daemon answers for them: ${messageOf(cause)}`;
  return new BothyError("DAEMON_UNREACHABLE", message, { hints: ["bothy doctor --fix"], cause });
}
