import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { type Box, getBox, lockBoxes } from "../boxes/index.ts";
import type { MachineConfig } from "../config/index.ts";
import { BothyError } from "../errors.ts";
import {
  createDisk,
  ensureKeys,
  listRecords,
  type MachineRecord,
  recordVersions,
  writeRecord,
} from "../machines/index.ts";
import { lock, Rollback, statIfExists } from "../system/index.ts";
import type { BringUp } from "./bring-up.ts";
import type { Context } from "./context.ts";
import { lockMachine } from "./lock-machine.ts";
import { eraseMachine, removeMachine } from "./remove-machine.ts";

/** A machine's record, and how to take the machine back if this call made it. */
export interface EnsuredMachine {
  readonly record: MachineRecord;
  readonly created?: { undo(): Promise<void> } | undefined;
}

/**
 * Finds the machine or creates its record, disk and keys.
 * Its intent is on disk before anything else is made, so that `gc` finds what a SIGKILL leaves.
 */
export async function ensureMachine(ctx: Context, work: BringUp): Promise<EnsuredMachine> {
  await using _ = await lock(ctx.layout.lock(`project-${work.project.id}`), { signal: ctx.signal });
  const { records } = await listRecords(ctx.layout);
  const found = records.find(
    (record) => record.project.id === work.project.id && record.name === work.target.name,
  );
  if (found?.intent === "destroying") await finishDestroying(ctx, found, work);
  else if (found) return { record: await complete(ctx, refresh(found, work)) };
  if (!work.target.config) throw new BothyError("MACHINE_UNKNOWN", `machine "${work.target.name}" is gone`);
  await using _boxes = await lockBoxes(ctx.layout, ctx.signal); // until its record names the layers
  const box = await getBox(ctx.layout, work.target.config.box);
  return create(ctx, newRecord(work, work.target.config, box));
}

/** A `destroy` was interrupted: what it was asked to remove is removed before a new machine takes the name. */
async function finishDestroying(ctx: Context, record: MachineRecord, work: BringUp): Promise<void> {
  await using _ = await lockMachine(ctx, record.id, work.progress);
  await removeMachine(ctx, record, work.progress);
}

async function create(ctx: Context, record: MachineRecord): Promise<EnsuredMachine> {
  const undo = () => eraseMachine(ctx, record);
  await using rollback = new Rollback();
  rollback.add("machine's files", undo);
  await writeRecord(ctx.layout, record);
  await complete(ctx, record);
  rollback.commit();
  return { record, created: { undo } };
}

/** Makes what a new machine needs, or what an interrupted creation did not get to. */
async function complete(ctx: Context, record: MachineRecord): Promise<MachineRecord> {
  const machine = ctx.layout.machine(record.id);
  if (record.intent === "creating") {
    await rm(machine.disk, { force: true }); // half-made, never started
    await Promise.all([createDisk(machine.disk, record.diskMiB), ensureKeys(machine.keys, record.id)]);
  } else if (!(await statIfExists(machine.disk))) {
    throw new BothyError(
      "MACHINE_BROKEN",
      `the data disk of machine "${record.name}" is missing: ${machine.disk}`,
      {
        hints: [
          "restore the file from a backup",
          `\`bothy destroy -f ${record.name}\` and \`bothy up\` make a new machine`,
        ],
      },
    );
  }
  await ensureKeys(machine.keys, record.id);
  return record;
}

/** What the project file says now; the box and the disk stay what the machine was made with. */
function refresh(record: MachineRecord, work: BringUp): MachineRecord {
  const config = work.target.config;
  if (!config) return record;
  const isolation = config.isolation === record.fileIsolation ? record.isolation : config.isolation;
  return { ...record, ...fromConfig(config), isolation, project: work.project };
}

function newRecord(work: BringUp, config: MachineConfig, box: Box): MachineRecord {
  return {
    ...recordVersions,
    id: randomBytes(6).toString("hex"),
    name: config.name,
    project: work.project,
    intent: "creating",
    isolation: work.isolation ?? config.isolation,
    ranAt: [],
    box: {
      name: box.name,
      digest: box.digest,
      layers: box.layers,
      ...(box.init ? { init: box.init } : {}),
      user: config.user ?? box.user ?? "root",
      environment: box.environment,
    },
    diskMiB: config.diskMiB,
    machineId: randomBytes(16).toString("hex"),
    createdAt: new Date().toISOString(),
    ...fromConfig(config),
  };
}

function fromConfig(config: MachineConfig) {
  return {
    hostname: config.hostname,
    cpus: config.cpus,
    memoryMiB: config.memoryMiB,
    ...(config.limits.pids === undefined ? {} : { pids: config.limits.pids }),
    volumes: [...config.volumes],
    environment: { ...config.environment },
    fileIsolation: config.isolation,
    acceleration: config.vm.acceleration,
  };
}
