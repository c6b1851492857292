import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { StringDecoder } from "node:string_decoder";
import type { MachineRecord } from "../machines/index.ts";
import { plainLine, systemClock } from "../system/index.ts";
import type { Context } from "./context.ts";
import { knownTargets, loadFleet, requireKnown, selectTargets } from "./targets.ts";

/** What `logs` was asked for. */
export interface LogsOptions {
  readonly machines: readonly string[];
  /** Goes on until interrupted. */
  readonly follow?: boolean | undefined;
  /** Only the last lines of each (default all). */
  readonly tail?: number | undefined;
  /** Receives each line with the machine's name. */
  onLine(name: string, line: string): void;
}

const POLL_MS = 200;
const EVIDENCE_LINES = 15;
const TAIL_BYTES = 64 * 1024;

/** Console and workload output of machines, oldest first; machine after machine unless followed. */
export async function logs(ctx: Context, options: LogsOptions): Promise<void> {
  const selected = selectTargets(await loadFleet(ctx), options.machines);
  if (options.machines.length > 0) selected.map(requireKnown);
  const records = knownTargets(selected).map((target) => target.record);
  if (options.follow) await Promise.all(records.map((record) => follow(ctx, record, options)));
  else for (const record of records) await printAll(ctx, record, options);
}

/** The last console lines of a machine, for error messages; `undefined` when it said nothing. */
export async function consoleTail(ctx: Context, record: MachineRecord): Promise<string | undefined> {
  const path = ctx.layout.machine(record.id).console;
  const size = await sizeOf(path);
  const text = (await readRange(path, Math.max(0, size - TAIL_BYTES), size)).toString("utf8");
  const lines = text
    .split("\n")
    .map(plainLine)
    .filter((line) => line.trim() !== "")
    .slice(-EVIDENCE_LINES);
  return lines.length > 0
    ? `last lines of its console:\n${lines.map((line) => `  | ${line}`).join("\n")}`
    : undefined;
}

async function printAll(ctx: Context, record: MachineRecord, options: LogsOptions): Promise<void> {
  const path = ctx.layout.machine(record.id).console;
  await printTo(path, await sizeOf(path), record, options);
}

/** Prints the file's lines up to byte `end`, all or the last ones. */
async function printTo(
  path: string,
  end: number,
  record: MachineRecord,
  options: LogsOptions,
): Promise<void> {
  if (end === 0) return;
  const input = createReadStream(path, { end: end - 1 });
  const lines: string[] = [];
  const tail = options.tail ?? Number.POSITIVE_INFINITY;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!Number.isFinite(tail)) options.onLine(record.name, plainLine(line));
    else if (lines.push(line) > tail) lines.shift();
  }
  for (const line of lines) options.onLine(record.name, plainLine(line));
}

/** Prints what is there and what is added, until the signal fires. */
async function follow(ctx: Context, record: MachineRecord, options: LogsOptions): Promise<void> {
  const path = ctx.layout.machine(record.id).console;
  let position = await sizeOf(path);
  await printTo(path, position, record, options);
  let decoder = new StringDecoder("utf8");
  let partial = "";
  while (!ctx.signal.aborted) {
    const size = await sizeOf(path);
    if (size < position) [position, decoder, partial] = [0, new StringDecoder("utf8"), ""]; // begun anew
    const lines = (partial + decoder.write(await readRange(path, position, size))).split("\n");
    partial = lines.pop() ?? "";
    for (const line of lines) options.onLine(record.name, plainLine(line));
    position = size;
    await systemClock.sleep(POLL_MS, ctx.signal).catch(() => {});
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (stats) => stats.size,
    () => 0,
  );
}

async function readRange(path: string, from: number, to: number): Promise<Buffer> {
  if (to <= from) return Buffer.alloc(0);
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
