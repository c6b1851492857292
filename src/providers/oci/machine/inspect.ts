import { BothyError, messageOf } from "../../../errors.ts";
import { type Layout, readIfExists, statIfExists } from "../../../system/index.ts";
import { type ConsoleEnd, describeEnd, readConsoleEnd } from "../../console-end.ts";
import type { LiveMachine } from "../../provider.ts";
import { readTail } from "../../tail.ts";
import { findProcess, isAlive, secondsSince } from "../host/index.ts";
import type { MachineFolder } from "./folder.ts";
import { type KnownMachine, knownMachines, type MachineRecord } from "./record.ts";

/** The machines of a store, from their records and the kernel's process table: no process is run for it. */
export async function inspectMachines(layout: Layout): Promise<ReadonlyMap<string, LiveMachine>> {
  try {
    const machines = await Promise.all((await knownMachines(layout)).map(describe));
    return new Map(machines.map((machine) => [machine.id, machine]));
  } catch (error) {
    throw new BothyError("FAILED", `the containers of this store are unknown: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function describe({ place, record, problem }: KnownMachine): Promise<LiveMachine> {
  if (!record) return { id: place.id, project: "", name: "", state: "broken", reason: problem };
  const base = { id: place.id, project: record.project, name: record.name };
  if (!record.init) return { ...base, ...(await beforeRunning(record)) };
  if (!(await isAlive(record.init))) return { ...base, state: "stopped", ...(await endOf(place, record)) };
  const uptimeS = await secondsSince(record.init);
  return { ...base, state: "running", uptimeS, reason: await unwatched(place) };
}

async function beforeRunning(record: MachineRecord): Promise<Pick<LiveMachine, "state" | "reason">> {
  if (await isAlive(record.starter)) return { state: "starting" };
  return { state: "broken", reason: `its start by process ${record.starter.pid} was cut off` };
}

/** How the machine ended: what its console tells, and the exit status that conmon wrote. */
async function endOf(
  place: MachineFolder,
  record: MachineRecord,
): Promise<Pick<LiveMachine, "reason" | "exitStatus">> {
  const text = await readIfExists(place.exitStatus);
  if (text === undefined && (await monitored(place))) return { reason: "it has just ended" };
  if (text === undefined) return { reason: "it ended, and so did its monitor: no exit status" };
  return describeEnd(await consoleEnd(record), await statusInWords(place, Number(text)));
}

/** What this run said last. */
export async function consoleEnd({ console }: MachineRecord): Promise<ConsoleEnd> {
  return console ? readConsoleEnd(await readTail(console.path, console.from)) : {};
}

/** 128 + n stands for signal n. */
async function statusInWords(place: MachineFolder, status: number): Promise<string> {
  const memory = (await statIfExists(place.outOfMemory)) ? "; its memory limit was reached" : "";
  return (
    (status > 128 ? `it was ended by signal ${status - 128}` : `it ended with exit status ${status}`) + memory
  );
}

async function unwatched(place: MachineFolder): Promise<string | undefined> {
  return (await monitored(place)) ? undefined : "its monitor is gone: its console is not logged any more";
}

async function monitored(place: MachineFolder): Promise<boolean> {
  return (await findProcess(Number(await readIfExists(place.monitorPid)))) !== undefined;
}
