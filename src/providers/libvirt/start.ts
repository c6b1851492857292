import { open, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { BothyError } from "../../errors.ts";
import type { LibvirtClient } from "../../libvirt/index.ts";
import { assertDiskFree, debug, ensureFolder, Rollback } from "../../system/index.ts";
import { linkAlias } from "../link-alias.ts";
import type { RunContext, RunSpec } from "../provider.ts";
import { awaken } from "./awaken.ts";
import { connectOrLaunch, launchLogDaemon, translate } from "./daemon/index.ts";
import { discardDomain } from "./discard.ts";
import { domainUuid, domainView, isDead, isEnding, renderDomain, type VmSpec } from "./domain/index.ts";
import { acceleration } from "./facts.ts";
import { absentAs, awaitEnd, chooseName, findDomain, hasEnded } from "./find.ts";
import {
  findObstacle,
  kvmModeError,
  kvmModeProblem,
  type QemuUser,
  readKvmMode,
  unreachableStore,
} from "./host/index.ts";
import { lend, reclaimDisk, removeRunFiles, writeRunFiles } from "./run-files.ts";
import { findQemuUser, requireEmulator, requireQemuUser, type Surroundings } from "./surroundings.ts";

/** `Provider.start` for a domain. */
export async function startDomain(around: Surroundings, spec: RunSpec, context: RunContext): Promise<void> {
  const { kernel } = spec;
  if (!kernel) throw new BothyError("BUG", `the VM ${spec.name} was to be started without a kernel`);
  const emulator = await requireEmulator();
  await refuseKvmMode(await findQemuUser(around));
  try {
    await using client = await connectOrLaunch(around, context);
    if (await isRunning(client, spec, context)) return;
    await launchLogDaemon(context, around.paths);
    await createDomain({ around, client, spec: { ...spec, kernel }, context, emulator });
  } catch (error) {
    if (context.signal?.aborted) throw interrupted(spec, error);
    throw translate(error, `start ${spec.name}`, "START_FAILED");
  }
}

interface Creation {
  readonly around: Surroundings;
  readonly client: LibvirtClient;
  readonly spec: VmSpec;
  readonly context: RunContext;
  readonly emulator: string;
}

async function createDomain({ around, client, spec, context, emulator }: Creation): Promise<void> {
  const { signal } = context;
  await assertDiskFree(spec.dataDisk);
  const [name, owner] = await Promise.all([chooseName(client, spec), requireQemuUser(around)]);
  const accelerated = await acceleration(around, emulator, spec, context);
  signal?.throwIfAborted();
  await using rollback = new Rollback();
  rollback.add("run files", () => removeRunFiles(spec.runFolder));
  const { seedDisk } = await writeRunFiles(spec, name);
  await refuseUnreachable(spec, seedDisk, owner);
  await prepareConsole(spec.consoleLog);
  rollback.add("data disk", () => reclaimDisk(spec.dataDisk));
  await Promise.all([lend(spec.dataDisk, owner), lend(seedDisk, owner)]);
  const startedS = Math.floor(Date.now() / 1000);
  const facts = { name, acceleration: accelerated, emulator, seedDisk, owner, startedS };
  const xml = await renderDomain(domainView(spec, facts));
  signal?.throwIfAborted();
  rollback.add("domain", () => discardDomain(around, domainUuid(spec.storeTag, spec.id)));
  await client.domains.create(xml);
  await Promise.all(spec.nics.map(({ hostLink }) => labelLink(hostLink, linkAlias(spec))));
  signal?.throwIfAborted();
  rollback.commit();
}

/**
 * Whether there is nothing to do. A guest that is held or asleep goes on, with nothing lost; one that is ending is
 * let end; of one whose kernel is dead, nothing but its disk is left to keep, so it is ended for a new start.
 */
async function isRunning(client: LibvirtClient, spec: RunSpec, context: RunContext): Promise<boolean> {
  const uuid = domainUuid(spec.storeTag, spec.id);
  const domain = await findDomain(client, uuid);
  if (!domain) return false;
  const status = await absentAs(undefined, client.domains.state(domain));
  if (!status) return false;
  if (isEnding(status) || (await hasEnded(domain))) {
    await awaitEnd(client, uuid, context.signal);
    return false;
  }
  if (isDead(status)) {
    await absentAs(undefined, client.domains.destroy(domain));
    return false;
  }
  await awaken(client, domain, status);
  return true;
}

async function refuseKvmMode(user: QemuUser | undefined): Promise<void> {
  const problem = kvmModeProblem(await readKvmMode(), user);
  if (problem) throw kvmModeError(problem);
}

/** QEMU's user is lent the machine's own files; those that machines share it must be able to read. */
async function refuseUnreachable(spec: VmSpec, seedDisk: string, user: QemuUser): Promise<void> {
  const { kernel, tools, layers } = spec;
  const { vmlinuz, initramfs, modules } = kernel;
  const readable = [vmlinuz, initramfs, modules, tools.path, ...layers.map((layer) => layer.path)];
  const reached = [spec.dataDisk, seedDisk, spec.consoleLog];
  const obstacle = await findObstacle({ reached, readable }, user);
  if (obstacle) throw unreachableStore(obstacle, user);
}

/** There from the start, so that a failing boot can be read; whoever writes it appends. */
async function prepareConsole(path: string): Promise<void> {
  await ensureFolder(dirname(path));
  const file = await open(path, "a", 0o600);
  await file.close();
}

/** For whoever looks at the host's links; the machine runs as well without. */
async function labelLink(link: string, alias: string): Promise<void> {
  await writeFile(`/sys/class/net/${link}/ifalias`, alias).catch((error: unknown) => {
    debug(`the link ${link} stays without an alias: ${error}`);
  });
}

function interrupted(spec: RunSpec, cause: unknown): BothyError {
  return new BothyError("INTERRUPTED", `interrupted while starting ${spec.name}`, { cause });
}
