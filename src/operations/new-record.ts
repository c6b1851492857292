import { randomBytes } from "node:crypto";
import type { Box } from "../boxes/index.ts";
import type { MachineConfig } from "../config/index.ts";
import { BothyError } from "../errors.ts";
import { type ImageVolumes, imageVolumes, type MachineRecord, recordVersions } from "../machines/index.ts";
import type { BringUp } from "./bring-up.ts";
import type { Context } from "./context.ts";
import { wantedLevel } from "./targets.ts";

/** The record of a machine that is to be made of a box. What of the box cannot hold for it is told. */
export function newRecord(ctx: Context, work: BringUp, config: MachineConfig, box: Box): MachineRecord {
  const volumes = imageVolumes(box.volumes);
  tellIgnored(ctx, config, box, volumes);
  return {
    ...recordVersions,
    id: randomBytes(6).toString("hex"),
    name: config.name,
    project: work.project,
    intent: "creating",
    isolation: work.isolation ?? config.isolation,
    ranAt: [],
    box: boxOf(box, config, volumes),
    diskMiB: config.diskMiB,
    machineId: randomBytes(16).toString("hex"),
    createdAt: new Date().toISOString(),
    ...fromConfig(config),
  };
}

/** What the project file says now; the box and the disk stay what the machine was made with. */
export function refresh(record: MachineRecord, work: BringUp): MachineRecord {
  const config = work.target.config;
  if (!config) return record;
  const isolation = wantedLevel({ name: record.name, config, record });
  return { ...record, ...fromConfig(config), isolation, project: work.project };
}

const SETTINGS = [
  ...["hostname", "cpus", "memoryMiB", "pids", "volumes", "environment", "run", "acceleration", "kernel"],
] as (keyof MachineRecord)[];

/** What differs between two states of a machine's settings, in words. */
export function changesOf(before: MachineRecord, now: MachineRecord): string[] {
  const text = (value: unknown) => JSON.stringify(value) ?? "none";
  return SETTINGS.filter((key) => text(before[key]) !== text(now[key])).map(
    (key) => `${key} ${text(before[key])} -> ${text(now[key])}`,
  );
}

function boxOf(box: Box, config: MachineConfig, { volumes }: ImageVolumes): MachineRecord["box"] {
  const { name, digest, layers, disk, init, environment, entrypoint, command } = box;
  const { runAs, workdir, stopSignal, healthcheck, exposedPorts, kernel } = box;
  refuseNul(box);
  return {
    ...{ name, digest, layers, disk, init, user: config.user ?? box.user ?? "root", environment },
    ...{ entrypoint, command, runAs, workdir, stopSignal, healthcheck, exposedPorts, kernel },
    volumes: volumes.length > 0 ? [...volumes] : undefined,
  };
}

function fromConfig(config: MachineConfig) {
  const { run, limits, vm } = config;
  return {
    hostname: config.hostname,
    cpus: config.cpus,
    memoryMiB: config.memoryMiB,
    pids: limits.pids, // also when it is gone from the file
    volumes: [...config.volumes],
    environment: { ...config.environment },
    run: run && { ...run, command: run.command && [...run.command] },
    fileIsolation: config.isolation,
    acceleration: vm.acceleration,
    kernel: vm.kernel === "box" ? vm.kernel : undefined,
  };
}

function tellIgnored(ctx: Context, config: MachineConfig, box: Box, { ignored }: ImageVolumes): void {
  for (const line of ignored) {
    ctx.reporter.warn(`${config.name}: the volume ${line}; it stays a part of the machine's disk`);
  }
  if (box.init === undefined || config.run === undefined) return;
  ctx.reporter.warn(`${config.name}: \`run\` has no effect: the box ${box.name} starts its own ${box.init}`);
}

/** No process can have such a variable or argument, so nothing would come of it but a riddle. */
function refuseNul({ name, environment, entrypoint = [], command = [] }: Box): void {
  const texts = [...Object.entries(environment).flat(), ...entrypoint, ...command];
  if (texts.every((text) => !text.includes("\0"))) return;
  throw new BothyError("BOX_INVALID", `the box ${name} has a NUL in its command or its environment`);
}
