import { BothyError } from "../../errors.ts";
import { CommandError, run } from "../../system/index.ts";
import { readHead } from "./qcow2.ts";

/** A part of a raw disk that may hold a file system. */
export interface Partition {
  /** Which disk of the box, from 0. */
  readonly disk: number;
  /** As in `sda1`; 0 for a disk without a partition table. */
  readonly number: number;
  readonly file: string;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** `ext4`, `LVM2_member`, `ntfs`, ...; absent where nothing is recognised. */
  readonly type?: string | undefined;
  readonly uuid?: string | undefined;
  readonly label?: string | undefined;
  readonly partUuid?: string | undefined;
  readonly partLabel?: string | undefined;
}

/** What a disk is divided into. */
export interface DiskMap {
  readonly partitions: readonly Partition[];
  /** What the disk needs to boot by itself. */
  readonly firmware: "bios" | "efi";
}

interface Table {
  readonly label: "dos" | "gpt" | string;
  readonly id?: string;
  readonly sectorsize?: number;
  readonly partitions?: readonly Entry[];
}
interface Entry {
  readonly node: string;
  readonly start: number;
  readonly size: number;
  readonly type: string;
  readonly uuid?: string;
  readonly name?: string;
}

const EFI_SYSTEM = ["c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "ef"];
const BIOS_BOOT = "21686148-6449-6e6f-744e-656564454649";
/** MBR types of partitions that only hold others. */
const EXTENDED = ["5", "f", "85", "05", "0f"];
const BOOT_CODE_BYTES = 440;

/**
 * The partitions of a raw disk, by its MBR (logical ones too) or GPT, and what each holds; one that spans the disk
 * when there is no table. @throws BothyError `BOX_INVALID` when the disk ends before its partitions.
 */
export async function mapDisk(
  file: string,
  disk: number,
  sizeBytes: number,
  signal?: AbortSignal,
): Promise<DiskMap> {
  const table = await readTable(file, signal);
  const entries = (table?.partitions ?? []).filter(({ type }) => !EXTENDED.includes(type.toLowerCase()));
  if (!table || entries.length === 0) {
    const whole = { disk, number: 0, file, offsetBytes: 0, sizeBytes };
    return { partitions: [{ ...whole, ...(await probe(whole, signal)) }], firmware: "bios" };
  }
  const sector = table.sectorsize ?? 512;
  const partitions = entries.map((entry) => ({
    disk,
    number: Number(/(\d+)$/.exec(entry.node)?.[1] ?? 0),
    file,
    offsetBytes: entry.start * sector,
    sizeBytes: entry.size * sector,
    partUuid: partUuidOf(table, entry),
    partLabel: entry.name,
  }));
  if (partitions.some((part) => part.offsetBytes + part.sizeBytes > sizeBytes)) {
    throw new BothyError("BOX_INVALID", "the disk is cut short: it has partitions beyond its end", {
      hints: ["fetch it again"],
    });
  }
  const probed: Partition[] = [];
  for (const part of partitions) probed.push({ ...part, ...(await probe(part, signal)) });
  return { partitions: probed, firmware: await firmwareOf(file, entries) };
}

/** For people: `partition 2 (ext4)`. */
export function describePartition({ disk, number, type }: Partition): string {
  const what = number === 0 ? "the whole disk" : `partition ${number}`;
  return `${what}${disk > 0 ? ` of disk ${disk + 1}` : ""} (${type ?? "nothing known"})`;
}

async function readTable(file: string, signal?: AbortSignal): Promise<Table | undefined> {
  try {
    const { stdout } = await run(["sfdisk", "--json", file], { signal });
    return (JSON.parse(stdout) as { partitiontable: Table }).partitiontable;
  } catch (error) {
    if (error instanceof CommandError || error instanceof SyntaxError) return undefined; // no table
    throw error;
  }
}

/** MBR partitions have none of their own: the kernel makes one of the disk's id and the number. */
function partUuidOf(table: Table, entry: Entry): string | undefined {
  if (entry.uuid) return entry.uuid.toLowerCase();
  const number = /(\d+)$/.exec(entry.node)?.[1];
  const id = table.id?.replace(/^0x/i, "").toLowerCase();
  return table.label === "dos" && id && number
    ? `${id}-${Number(number).toString(16).padStart(2, "0")}`
    : undefined;
}

/** `-p` reads the bytes of this image and asks no cache; several signatures at once are no file system (code 8). */
async function probe(
  part: Pick<Partition, "file" | "offsetBytes" | "sizeBytes">,
  signal?: AbortSignal,
): Promise<Pick<Partition, "type" | "uuid" | "label">> {
  const { offsetBytes, sizeBytes, file } = part;
  if (sizeBytes <= 0) return {};
  const { stdout } = await run(
    ["blkid", "-p", "-O", String(offsetBytes), "-S", String(sizeBytes), "-o", "export", file],
    { signal, okCodes: [0, 2, 8] },
  ).catch((cause: unknown) => {
    if (!(cause instanceof CommandError)) throw cause;
    throw new BothyError("BOX_INVALID", `the disk ${file} cannot be read: ${cause.message}`, { cause });
  });
  const values = new Map(stdout.split("\n").map((line) => splitOnce(line)));
  const value = (name: string) => values.get(name)?.replaceAll(/\\(.)/g, "$1");
  return { type: value("TYPE"), uuid: value("UUID"), label: value("LABEL") };
}

function splitOnce(line: string): [string, string] {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
}

/** Where both would work, BIOS: it needs nothing that is written to at boot. */
async function firmwareOf(file: string, entries: readonly Entry[]): Promise<"bios" | "efi"> {
  const types = entries.map(({ type }) => type.toLowerCase());
  if (!types.some((type) => EFI_SYSTEM.includes(type)) || types.includes(BIOS_BOOT)) return "bios";
  const code = (await readHead(file, BOOT_CODE_BYTES)).some((byte) => byte !== 0);
  return code ? "bios" : "efi";
}
