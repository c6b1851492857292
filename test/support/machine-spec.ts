import { randomBytes } from "node:crypto";
import { stat, writeFile } from "node:fs/promises";
import {
  createDisk,
  ensureKeys,
  MANAGEMENT_PORT,
  type MachineRecord,
  seedFiles,
  writeRecord,
  writeSeed,
} from "../../src/machines/index.ts";
import type { Isolation, Nic, RunSpec } from "../../src/providers/provider.ts";
import type { Layout } from "../../src/system/index.ts";
import { machineRecord } from "./record.ts";

/** The images that machines of a test are made from. */
export interface Images extends Pick<RunSpec, "layers" | "tools" | "kernel" | "boxInit"> {
  /** The box's login user. */
  readonly user: string;
}

/** What is particular about a test's machine; the rest has small defaults. */
export interface Wish extends Partial<Pick<RunSpec, "cpus" | "memoryMiB" | "pids">> {
  readonly name?: string;
  readonly diskMiB?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** What of its box is about its program. */
  readonly program?: Partial<MachineRecord["box"]>;
}

type Layers = MachineRecord["box"]["layers"];

/** Where a test's machines are. */
export interface Place {
  readonly layout: Layout;
  readonly isolation: Isolation;
  readonly images: Images;
  readonly project: RunSpec["project"] & { readonly path?: string };
  nicsOf(id: string): Promise<readonly Nic[]>;
}

/** A new machine of a project's, with record, disk, keys and seed in the store, as `up` makes them. */
export async function machineSpec(place: Place, wish: Wish = {}): Promise<RunSpec> {
  const { layout, images, isolation } = place;
  const project = { id: place.project.id, name: place.project.name };
  const layers = await Promise.all(images.layers.map(layerOf));
  const record = newRecord(place, wish, layers);
  const machine = layout.machine(record.id);
  await writeRecord(layout, record);
  await createDisk(machine.disk, record.diskMiB);
  await writeFile(machine.console, "");
  const keys = await ensureKeys(machine.keys, record.id);
  const nics = await place.nicsOf(record.id);
  const address = nics[0]?.address.split("/")[0] ?? "";
  const resolver = { address: nics[0]?.gateway ?? "127.0.0.1", domain: `${project.name}.internal` };
  const isVm = isolation === "vm";
  await writeSeed(
    layout,
    record.id,
    seedFiles({ record, isolation, ...{ needsChannel: isVm, limitsItself: isVm }, keys, nics, resolver }),
  );
  return {
    ...{ id: record.id, name: record.name, hostname: record.hostname, project, storeTag: layout.tag },
    ...{ layers: images.layers, tools: images.tools, kernel: images.kernel, boxInit: images.boxInit },
    ...{ dataDisk: machine.disk, seed: machine.seed, consoleLog: machine.console, runFolder: machine.run },
    ...{ cpus: record.cpus, memoryMiB: record.memoryMiB, pids: record.pids, nics },
    management: {
      address,
      port: MANAGEMENT_PORT,
      privateKey: keys.identityFile,
      hostKey: keys.hostKeyPublic,
    },
  };
}

async function layerOf({ digest, path }: RunSpec["layers"][number]): Promise<Layers[number]> {
  return { digest, sizeBytes: (await stat(path)).size };
}

function newRecord({ images, isolation, project }: Place, wish: Wish, layers: Layers): MachineRecord {
  const name = wish.name ?? `m${randomBytes(2).toString("hex")}`;
  return machineRecord({
    id: randomBytes(6).toString("hex"),
    name,
    hostname: name,
    project: { path: "/nowhere", ...project },
    isolation,
    fileIsolation: isolation,
    ranAt: [isolation],
    box: {
      ...machineRecord().box,
      layers,
      ...(images.boxInit === undefined ? {} : { init: images.boxInit }),
      user: images.user,
      ...wish.program,
    },
    cpus: wish.cpus ?? 1,
    memoryMiB: wish.memoryMiB ?? 256,
    diskMiB: wish.diskMiB ?? 512,
    ...(wish.pids === undefined ? {} : { pids: wish.pids }),
    environment: { ...wish.environment },
    machineId: randomBytes(16).toString("hex"),
  });
}
