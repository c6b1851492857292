import { BothyError } from "../../errors.ts";
import { type DomainRef, type LibvirtClient, ListFlags } from "../../libvirt/index.ts";
import type { LiveMachine } from "../provider.ts";
import { translate, tryConnect } from "./daemon/index.ts";
import { machineState } from "./domain/index.ts";
import { absentAs, hasEnded, readTag } from "./find.ts";
import { listQemu, usingFolder } from "./host/index.ts";
import { readEnd } from "./qemu-log.ts";
import { listRunRecords, type RunRecord } from "./run-files.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * `Provider.inspect`: the domains of this store, and what is left of those that ended without us.
 * Where no daemon listens and no QEMU of ours lives, nothing runs: no daemon is needed to say so.
 */
export async function inspectDomains(around: Surroundings): Promise<ReadonlyMap<string, LiveMachine>> {
  const [client, records] = await Promise.all([tryConnect(around), listRunRecords(around.layout)]);
  if (!client) await refuseBlind(around);
  const live = client ? await listLive(client, around.layout.tag) : [];
  const machines = new Map(live.map((machine) => [machine.id, machine]));
  const ended = records.filter(({ id }) => !machines.has(id));
  for (const record of ended) machines.set(record.id, await leftover(record));
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

async function leftover({ id, project, name, domain }: RunRecord): Promise<LiveMachine> {
  return { id, project, name, state: "stopped", reason: await readEnd(domain) };
}

/** A QEMU lives on without its daemon: then nobody can say how it is, and it is not gone. */
async function refuseBlind({ layout }: Surroundings): Promise<void> {
  const all = await listQemu();
  const ours = [...usingFolder(all, layout.home), ...usingFolder(all, layout.run)];
  if (ours.length === 0) return;
  const pids = [...new Set(ours.map(({ pid }) => pid))].join(", ");
  throw new BothyError("DAEMON_UNREACHABLE", `VMs run (pid ${pids}) and no libvirt daemon answers for them`, {
    hints: ["bothy doctor --fix", "systemctl start libvirtd.socket, or without systemd: libvirtd --daemon"],
  });
}
