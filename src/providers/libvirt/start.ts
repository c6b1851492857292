import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { BothyError } from "../../errors.ts";
import type { DomainRef, LibvirtClient } from "../../libvirt/index.ts";
import { ensureFolder, Rollback } from "../../system/index.ts";
import type { RunContext, RunSpec } from "../provider.ts";
import { connectOrLaunch, launchLogDaemon, translate } from "./daemon/index.ts";
import { discardDomain } from "./discard.ts";
import { domainUuid, domainView, isPausedByFullDisk, renderDomain } from "./domain/index.ts";
import { acceleration } from "./facts.ts";
import { chooseName, findDomain } from "./find.ts";
import {
  findObstacle,
  kvmModeError,
  kvmModeProblem,
  type QemuUser,
  readKvmMode,
  readQemuUser,
  refuseBusyDisk,
  unreachableStore,
} from "./host/index.ts";
import { reclaimDisk, removeRunFiles, writeRunFiles } from "./run-files.ts";
import { requireEmulator, type Surroundings } from "./surroundings.ts";

/** `Provider.start` for a domain. */
export async function startDomain(around: Surroundings, spec: RunSpec, context: RunContext): Promise<void> {
  const [emulator, user] = await Promise.all([requireEmulator(), readQemuUser()]);
  await refuseKvmMode(user);
  await using client = await connectOrLaunch(around, context);
  try {
    const running = await findDomain(client, domainUuid(spec.storeTag, spec.id));
    if (running) return await resumeStuck(client, running);
    await launchLogDaemon(context, around.paths);
    await createDomain({ around, client, spec, context, emulator, user });
  } catch (error) {
    throw translate(error, `start ${spec.name}`);
  }
}

interface Creation {
  readonly around: Surroundings;
  readonly client: LibvirtClient;
  readonly spec: RunSpec;
  readonly context: RunContext;
  readonly emulator: string;
  readonly user: QemuUser | undefined;
}

async function createDomain({ around, client, spec, context, emulator, user }: Creation): Promise<void> {
  await refuseBusyDisk(spec.dataDisk);
  const name = await chooseName(client, spec);
  const accelerated = await acceleration(around, emulator, spec.kernel, context);
  refuseAborted(context, spec);
  await using rollback = new Rollback();
  rollback.add("run files", () => removeRunFiles(spec.runFolder));
  const { seedDisk } = await writeRunFiles(spec, name);
  await refuseUnreachable(spec, seedDisk, user);
  await prepareConsole(spec.consoleLog);
  const facts = {
    name,
    acceleration: accelerated,
    emulator,
    seedDisk,
    startedS: Math.floor(Date.now() / 1000),
  };
  const xml = await renderDomain(domainView(spec, facts));
  refuseAborted(context, spec);
  rollback.add("data disk", () => reclaimDisk(spec.dataDisk));
  rollback.add("domain", () => discardDomain(around, domainUuid(spec.storeTag, spec.id)));
  await client.domains.create(xml);
  refuseAborted(context, spec);
  rollback.commit();
}

async function refuseKvmMode(user: QemuUser | undefined): Promise<void> {
  const problem = kvmModeProblem(await readKvmMode(), user);
  if (problem) throw kvmModeError(problem);
}

/** libvirt lends QEMU's user the machine's own files; those that machines share it must be able to read. */
async function refuseUnreachable(spec: RunSpec, seedDisk: string, user: QemuUser | undefined): Promise<void> {
  if (!user) return;
  const { kernel, tools, layers } = spec;
  const readable = [tools.path, kernel.modules, ...layers.map((layer) => layer.path)];
  const reached = [spec.dataDisk, seedDisk, kernel.vmlinuz, kernel.initramfs, spec.consoleLog];
  const obstacle = await findObstacle({ reached, readable }, user);
  if (obstacle) throw unreachableStore(obstacle, user);
}

/** There from the start, so that a failing boot can be read; whoever writes it appends. */
async function prepareConsole(path: string): Promise<void> {
  await ensureFolder(dirname(path));
  const file = await open(path, "a", 0o600);
  await file.close();
}

/** A machine that QEMU paused because the host's disk was full goes on; any other runs already. */
async function resumeStuck(client: LibvirtClient, domain: DomainRef): Promise<void> {
  if (isPausedByFullDisk(await client.domains.state(domain))) await client.domains.resume(domain);
}

function refuseAborted(context: RunContext, spec: RunSpec): void {
  if (context.signal?.aborted) throw new BothyError("INTERRUPTED", `interrupted while starting ${spec.name}`);
}
