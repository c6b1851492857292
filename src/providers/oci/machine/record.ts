import { readdir } from "node:fs/promises";
import * as z from "zod";
import { hasErrno } from "../../../errors.ts";
import { bootId, type Layout, readIfExists, writeJson } from "../../../system/index.ts";
import { findProcess } from "../host/index.ts";
import { type MachineFolder, machineFolder, machinesFolder } from "./folder.ts";

const processSchema = z.object({ pid: z.number(), startedAt: z.number() });

/** What we intend to make or have made for one run of a machine; written before anything is made. */
const recordSchema = z.object({
  format: z.literal(1),
  id: z.string(),
  name: z.string(),
  project: z.string(),
  boot: z.string(),
  /** The bothy that starts it. */
  starter: processSchema,
  /** Digests of the layers that it uses, the tools' too. */
  layers: z.array(z.string()),
  disk: z.string(),
  /** Its console's log, and how long that was at the start: what is behind it, this run said. */
  console: z.object({ path: z.string(), from: z.number() }).optional(),
  /** Its first process; absent until the start has succeeded. */
  init: processSchema.optional(),
});

export type MachineRecord = z.infer<typeof recordSchema>;

/** A machine of which something is there: its record, or why there is none that can be read. */
export interface KnownMachine {
  readonly place: MachineFolder;
  readonly record?: MachineRecord;
  readonly problem?: string;
}

/** Every machine of this store that has a folder of ours, running or left over; those of an earlier boot are not. */
export async function knownMachines(layout: Layout): Promise<KnownMachine[]> {
  const ids = await readdir(machinesFolder(layout)).catch((error: unknown) => {
    if (hasErrno(error, "ENOENT")) return [];
    throw error;
  });
  const boot = await bootId();
  const machines = await Promise.all(ids.map((id) => knownMachine(machineFolder(layout, id), boot)));
  return machines.filter((machine) => machine !== undefined);
}

/** The record of one machine, or `undefined` when there is none that can be read. */
export async function readRecord(place: MachineFolder): Promise<MachineRecord | undefined> {
  return (await knownMachine(place, await bootId()))?.record;
}

export async function writeRecord(place: MachineFolder, record: MachineRecord): Promise<void> {
  await writeJson(place.record, record, 0o600);
}

/** The process that we are, for a record. */
export async function ourselves(): Promise<MachineRecord["starter"]> {
  return (await findProcess(process.pid)) ?? { pid: process.pid, startedAt: 0 };
}

async function knownMachine(place: MachineFolder, boot: string): Promise<KnownMachine | undefined> {
  const text = await readIfExists(place.record);
  if (text === undefined) return undefined;
  const parsed = recordSchema.safeParse(parseJson(text));
  if (!parsed.success) return { place, problem: `${place.record} is damaged` };
  return parsed.data.boot === boot ? { place, record: parsed.data } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
