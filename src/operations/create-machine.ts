import { rm } from "node:fs/promises";
import { getBox, lockBoxes } from "../boxes/index.ts";
import { BothyError } from "../errors.ts";
import {
  createBootDisk,
  createDisk,
  ensureKeys,
  listRecords,
  type MachineRecord,
  writeRecord,
} from "../machines/index.ts";
import { lock, statIfExists } from "../system/index.ts";
import type { BringUp } from "./bring-up.ts";
import type { Context } from "./context.ts";
import { lockMachine } from "./lock-machine.ts";
import { changesOf, newRecord, refresh } from "./new-record.ts";
import { requireBase } from "./own-disk.ts";
import { removeMachine } from "./remove-machine.ts";
import type { Progress } from "./reporter.ts";
import { stopEverywhere } from "./stop.ts";

/** A machine that this process alone works on until it is disposed. */
export interface ClaimedMachine extends AsyncDisposable {
  readonly record: MachineRecord;
  /** Nothing of it was ever promised to anybody: it may be taken back. */
  readonly isNew: boolean;
  /** What the project file says now and its last start did not know, in words. */
  readonly changes: readonly string[];
}

/**
 * Finds the machine, or writes the record of a new one, and locks it.
 * The intent is on disk before anything else is made, so that `gc` finds what a SIGKILL leaves.
 */
export async function claimMachine(ctx: Context, work: BringUp): Promise<ClaimedMachine> {
  for (;;) {
    const id = await ensureRecord(ctx, work);
    const held = await lockMachine(ctx, id, work.progress);
    const { records } = await listRecords(ctx.layout);
    const record = records.find((one) => one.id === id);
    if (record && record.intent !== "destroying") {
      const isNew = record.intent === "creating";
      const current = refresh(record, work);
      const claimed = { record: current, isNew, changes: isNew ? [] : changesOf(record, current) };
      return { ...claimed, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() };
    }
    await held[Symbol.asyncDispose](); // another process removed it while we waited: begin anew
  }
}

/** Makes what a new machine needs; begins anew where a creation was interrupted. The caller holds its lock. */
export async function completeMachine(
  ctx: Context,
  record: MachineRecord,
  progress: Progress,
): Promise<void> {
  const machine = ctx.layout.machine(record.id);
  if (record.intent === "creating") {
    await stopEverywhere(ctx, record.ranAt, record.id, { deadlineMs: 0, progress });
    await rm(machine.disk, { force: true });
    await Promise.all([makeDisk(ctx, record), ensureKeys(machine.keys, record.id)]);
  } else if (await statIfExists(machine.disk)) {
    await ensureKeys(machine.keys, record.id);
  } else {
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
}

async function makeDisk(ctx: Context, record: MachineRecord): Promise<void> {
  const { disk } = ctx.layout.machine(record.id);
  const base = await requireBase(ctx.layout, record);
  if (base) await createBootDisk(disk, base, record.diskMiB);
  else await createDisk(disk, record.diskMiB);
}

/** The id of the machine's record, which is written when there is none. */
async function ensureRecord(ctx: Context, work: BringUp): Promise<string> {
  await using _ = await lock(ctx.layout.lock(`project-${work.project.id}`), { signal: ctx.signal });
  const { records } = await listRecords(ctx.layout);
  const found = records.find(
    (record) => record.project.id === work.project.id && record.name === work.target.name,
  );
  if (found?.intent === "destroying") await finishDestroying(ctx, found, work);
  else if (found) return found.id;
  if (!work.target.config) throw new BothyError("MACHINE_UNKNOWN", `machine "${work.target.name}" is gone`);
  await using _boxes = await lockBoxes(ctx.layout, ctx.signal); // until its record names the layers
  const box = await getBox(ctx.layout, work.images.boxName(work.target.config));
  const record = newRecord(ctx, work, work.target.config, box);
  await writeRecord(ctx.layout, record);
  return record.id;
}

/** A `destroy` was interrupted: what it was asked to remove is removed before a new machine takes the name. */
async function finishDestroying(ctx: Context, record: MachineRecord, work: BringUp): Promise<void> {
  await using _ = await lockMachine(ctx, record.id, work.progress);
  await removeMachine(ctx, record, work.progress);
}
