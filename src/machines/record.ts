import { basename, join } from "node:path";
import * as z from "zod";
import { BothyError, hasErrno, messageOf } from "../errors.ts";
import {
  ensureFolder,
  type Layout,
  namesIn,
  readIfExists,
  removeTree,
  statIfExists,
  writeJson,
} from "../system/index.ts";

/** Version of machine.json; a newer one is refused, never guessed at. */
const RECORD_VERSION = 1;
/** How the data disk is stacked (docs/guest.md); a machine of another format cannot be mounted safely. */
const DISK_FORMAT = 1;

const MACHINE_ID = /^[0-9a-f]{12}$/;

const isolation = z.enum(["vm", "container"]);

const words = z.array(z.string());

/** As the image has it: `CMD` and `CMD-SHELL` are still in `test`. */
const healthcheck = z.strictObject({
  test: words,
  intervalMs: z.number().optional(),
  timeoutMs: z.number().optional(),
  startPeriodMs: z.number().optional(),
  retries: z.number().optional(),
});

const run = z.strictObject({
  command: words.optional(),
  user: z.string().optional(),
  workdir: z.string().optional(),
  restart: z.enum(["no", "on-failure", "always"]),
  stopSignal: z.string().optional(),
});

const schema = z.strictObject({
  version: z.literal(RECORD_VERSION),
  diskFormat: z.literal(DISK_FORMAT),
  id: z.string().regex(MACHINE_ID),
  name: z.string(),
  project: z.strictObject({ id: z.string(), name: z.string(), path: z.string() }),
  /** `creating` until everything of it is made, `destroying` once its removal began. */
  intent: z.enum(["creating", "present", "destroying"]),
  /** The level of its last start, or of its next. */
  isolation,
  /** What the project file asked for when it was last read: a change there wins over what is remembered. */
  fileIsolation: isolation,
  /** Every level it was ever started at: those backends are asked about it. */
  ranAt: z.array(isolation),
  box: z.strictObject({
    name: z.string(),
    digest: z.string(),
    layers: z.array(
      z.strictObject({ digest: z.string(), sizeBytes: z.number(), diffId: z.string().optional() }),
    ),
    init: z.string().optional(),
    user: z.string(),
    environment: z.record(z.string(), z.string()),
    /** The program, as its image has it; see program.ts. */
    entrypoint: words.optional(),
    command: words.optional(),
    runAs: z.string().optional(),
    workdir: z.string().optional(),
    stopSignal: z.string().optional(),
    healthcheck: healthcheck.optional(),
    /** Those that a machine can have. */
    volumes: words.optional(),
    exposedPorts: words.optional(),
    /** The box's own disk, which the machine's stands on and boots from. */
    disk: z
      .object({
        digest: z.string(),
        sizeBytes: z.number(),
        virtualBytes: z.number(),
        firmware: z.enum(["bios", "efi"]),
        reason: z.string(),
      })
      .optional(),
    /** The kernel that it brought along. */
    kernel: z.object({ digest: z.string(), version: z.string() }).optional(),
  }),
  hostname: z.string(),
  cpus: z.number(),
  memoryMiB: z.number(),
  diskMiB: z.number(),
  pids: z.number().optional(),
  volumes: words,
  environment: z.record(z.string(), z.string()),
  /** What the project file says of its program. */
  run: run.optional(),
  acceleration: z.enum(["auto", "kvm", "tcg"]),
  /** Which kernel it boots where it has one of its own; absent: bothy's. */
  kernel: z.enum(["bothy", "box"]).optional(),
  machineId: z.string().regex(/^[0-9a-f]{32}$/),
  createdAt: z.string(),
});

/** What is remembered of a machine: who it is and what it was last started with. Never whether it runs. */
export type MachineRecord = z.infer<typeof schema>;

/** A machine whose record cannot be read: it shows as `broken` and keeps every file. */
export interface BrokenRecord {
  readonly id: string;
  readonly error: BothyError;
}

/** The versions that a new record carries. */
export const recordVersions = { version: RECORD_VERSION, diskFormat: DISK_FORMAT } as const;

/**
 * Every machine of the store. A damaged record never hides the others. A folder without record, disk and keys is what a
 * kill left before the machine was there, or after it was gone: no machine.
 */
export async function listRecords(
  layout: Layout,
): Promise<{ records: MachineRecord[]; broken: BrokenRecord[] }> {
  const ids = await namesIn(layout.machines());
  const records: MachineRecord[] = [];
  const broken: BrokenRecord[] = [];
  await Promise.all(
    ids.filter(isMachineId).map((id) =>
      readRecord(layout, id).then(
        (record) => records.push(record),
        async (error) => (await holdsMachine(layout, id)) && broken.push({ id, error }),
      ),
    ),
  );
  return { records: records.sort(byCreation), broken };
}

/** One machine's record. @throws BothyError `MACHINE_BROKEN` with what is wrong with its file. */
export async function readRecord(layout: Layout, id: string): Promise<MachineRecord> {
  const path = layout.machine(id).state;
  const text = await readIfExists(path).catch((error) => {
    throw brokenRecord(path, messageOf(error), error);
  });
  if (text === undefined) throw brokenRecord(path, "the file is missing");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw brokenRecord(path, "it is no JSON; it may have been cut short", error);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success && parsed.data.id === id) return parsed.data;
  if (parsed.success) throw brokenRecord(path, `it is that of the machine ${parsed.data.id}`);
  throw brokenRecord(path, newerVersion(value) ?? z.prettifyError(parsed.error).replaceAll("\n", " "));
}

/** Writes a machine's record in one step. */
export async function writeRecord(layout: Layout, record: MachineRecord): Promise<void> {
  const valid = schema.parse(record); // what cannot be read must not be written
  for (let attempt = 1; ; attempt++) {
    try {
      await ensureFolder(layout.machine(record.id).folder, 0o711);
      return await writeJson(layout.machine(record.id).state, valid);
    } catch (error) {
      if (attempt === 3 || !hasErrno(error, "ENOENT")) throw error; // `gc` took the empty folder away
    }
  }
}

/** Removes everything the store has of a machine, its record last: until then `gc` knows what it was. Idempotent. */
export async function removeMachineFiles(layout: Layout, id: string): Promise<void> {
  if (!isMachineId(id)) throw new BothyError("BUG", `machine "${id}" is not inside ${layout.machines()}`);
  const { folder, run, state } = layout.machine(id);
  await removeTree(run, { within: layout.run });
  const others = (await namesIn(folder)).filter((name) => name !== basename(state));
  for (const name of others) await removeTree(join(folder, name), { within: folder });
  await removeTree(state, { within: folder });
  await removeTree(folder, { within: layout.machines() });
}

/** Whether anything in the folder is worth keeping. */
async function holdsMachine(layout: Layout, id: string): Promise<boolean> {
  const { state, disk, keys } = layout.machine(id);
  const found = await Promise.all([state, disk, keys].map(statIfExists));
  return found.some((stats) => stats !== undefined);
}

/** Whether a name in the folder of machines is a machine's; others may lie there as in any folder. */
function isMachineId(name: string): boolean {
  return MACHINE_ID.test(name);
}

function byCreation(a: MachineRecord, b: MachineRecord): number {
  return a.createdAt.localeCompare(b.createdAt) || a.name.localeCompare(b.name);
}

function newerVersion(value: unknown): string | undefined {
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version !== "number" || version <= RECORD_VERSION) return undefined;
  return `it has version ${version} and this bothy reads version ${RECORD_VERSION}: use the newer bothy that wrote it`;
}

function brokenRecord(path: string, why: string, cause?: unknown): BothyError {
  return new BothyError("MACHINE_BROKEN", `cannot use ${path}: ${why}`, {
    hints: [
      "restore the file from a backup; the data disk beside it is untouched",
      "`bothy destroy -f ID` removes the machine for good",
    ],
    cause: cause === undefined ? undefined : messageOf(cause),
  });
}
