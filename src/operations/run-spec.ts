import {
  cloudSeedFiles,
  ensureKeys,
  MANAGEMENT_PORT,
  type MachineRecord,
  seedFiles,
  writeSeed,
} from "../machines/index.ts";
import type { LayerFile, Management, RunSpec } from "../providers/provider.ts";
import type { Context } from "./context.ts";
import type { Images } from "./images.ts";
import type { Attachment } from "./network.ts";
import { requireBase } from "./own-disk.ts";

/** Everything a provider needs for one start: writes the seed, checks the layers, puts the paths together. */
export async function runSpec(
  ctx: Context,
  record: MachineRecord,
  network: Attachment,
  images: Images,
): Promise<RunSpec> {
  const machine = ctx.layout.machine(record.id);
  const keys = await ensureKeys(machine.keys, record.id);
  const { features } = await ctx.providers.get(record.isolation);
  const facts = {
    ...{ record, isolation: record.isolation, keys, nics: network.nics, resolver: network.resolver },
    needsChannel: !features.execWithoutNetwork,
    limitsItself: features.ownKernel,
  };
  await requireBase(ctx.layout, record);
  await writeSeed(ctx.layout, record.id, record.box.disk ? cloudSeedFiles(facts) : seedFiles(facts));
  return {
    id: record.id,
    name: record.name,
    project: record.project,
    storeTag: ctx.layout.tag,
    hostname: record.hostname,
    layers: withoutRepeats(await images.layersOf(record.box)),
    tools: images.tools,
    kernel: await images.kernelOf(record),
    dataDisk: machine.disk,
    boot: record.box.disk && { firmware: record.box.disk.firmware },
    seed: machine.seed,
    boxInit: record.box.init,
    cpus: record.cpus,
    memoryMiB: record.memoryMiB,
    pids: record.pids,
    nics: network.nics,
    consoleLog: machine.console,
    acceleration: record.acceleration,
    runFolder: machine.run,
    management: await managementOf(ctx, record, network.ip),
  };
}

/** How a provider without another way in reaches the machine's command channel. */
export async function managementOf(ctx: Context, record: MachineRecord, ip: string): Promise<Management> {
  const keys = await ensureKeys(ctx.layout.machine(record.id).keys, record.id);
  return { address: ip, port: MANAGEMENT_PORT, privateKey: keys.identityFile, hostKey: keys.hostKeyPublic };
}

/**
 * Each layer once, where it is uppermost: below that it adds nothing, neither files nor deletions, and overlayfs
 * refuses a stack that has one twice.
 */
export function withoutRepeats(layers: readonly LayerFile[]): LayerFile[] {
  return layers.filter(
    ({ digest }, index) => !layers.slice(index + 1).some((above) => above.digest === digest),
  );
}
