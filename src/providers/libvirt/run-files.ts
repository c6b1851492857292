import { chmod, chown, readdir, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hasErrno } from "../../errors.ts";
import {
  ensureFolder,
  type Layout,
  readIfExists,
  removeTree,
  statIfExists,
  writeFileAtomic,
  writeJson,
} from "../../system/index.ts";
import type { RunSpec } from "../provider.ts";
import type { QemuUser } from "./host/index.ts";
import { writeCloudSeedDisk, writeSeedDisk } from "./seed-disk.ts";

/** Our corner of a machine's run folder; the other provider has its own. */
const FOLDER = "libvirt";

/** What is known of a started machine without asking the daemon. */
export interface RunRecord {
  /** The store's tag: two stores may have one run folder. */
  readonly store: string;
  readonly id: string;
  readonly name: string;
  readonly project: string;
  /** The domain's name, which is also that of its log. */
  readonly domain: string;
  readonly dataDisk: string;
  /** How long its console's log was at its start: what is behind it, this run said. */
  readonly consoleFrom?: number;
}

/** Paths of one machine's short-lived files. */
export interface RunFiles {
  readonly folder: string;
  readonly record: string;
  readonly seedDisk: string;
  /** The pinned host key, for the system's ssh. */
  readonly knownHosts: string;
}

/** Where they are. */
export function runFiles(runFolder: string): RunFiles {
  const folder = join(runFolder, FOLDER);
  return {
    folder,
    record: join(folder, "run.json"),
    seedDisk: join(folder, "seed.tar"),
    knownHosts: join(folder, "known_hosts"),
  };
}

/** Makes them all, in place of what a crash left. QEMU's user may pass the folders, but reads only the seed. */
export async function writeRunFiles(spec: RunSpec, domain: string): Promise<RunFiles> {
  const files = runFiles(spec.runFolder);
  await removeTree(files.folder, { within: spec.runFolder });
  await ensureFolder(files.folder, 0o755);
  for (const folder of [spec.runFolder, files.folder]) await chmod(folder, 0o711);
  const { id, name, dataDisk } = spec;
  const consoleFrom = (await statIfExists(spec.consoleLog))?.size ?? 0;
  const owner = { store: spec.storeTag, id, name, project: spec.project.id };
  const record: RunRecord = { ...owner, domain, dataDisk, consoleFrom };
  await writeJson(files.record, record, 0o600);
  await writeFileAtomic(files.knownHosts, `${id} ${spec.management.hostKey.trim()}\n`, 0o600);
  await (spec.boot ? writeCloudSeedDisk : writeSeedDisk)(spec.seed, files.seedDisk);
  return files;
}

/** Removes them, and the run folder unless somebody else has files in it. Idempotent. */
export async function removeRunFiles(runFolder: string): Promise<void> {
  await removeTree(runFiles(runFolder).folder, { within: runFolder });
  await rmdir(runFolder).catch((error) => {
    if (!hasErrno(error, "ENOENT", "ENOTEMPTY")) throw error;
  });
}

/** The machines of this store that were started here and not cleared away since. */
export async function listRunRecords(layout: Layout): Promise<RunRecord[]> {
  const folder = dirname(layout.machine("any").run);
  const ids = await readdir(folder).catch(() => []);
  const all = await Promise.all(ids.map((id) => readRunRecord(join(folder, id))));
  return all.filter((record) => record?.store === layout.tag) as RunRecord[];
}

/** The record in a run folder, or `undefined` when there is none that can be read. */
export async function readRunRecord(runFolder: string): Promise<RunRecord | undefined> {
  const text = await readIfExists(runFiles(runFolder).record);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as RunRecord);
  } catch {
    return undefined; // our own file, written in one step: only a failing disk damages it
  }
}

/** Lets QEMU's user, and nobody else, use one of the machine's files until it is reclaimed or removed. */
export async function lend(path: string, user: Pick<QemuUser, "uid" | "gid">): Promise<void> {
  await chown(path, user.uid, user.gid);
  await chmod(path, 0o600);
}

/** Gives a data disk back to root. Idempotent. */
export async function reclaimDisk(path: string): Promise<void> {
  const disk = await statIfExists(path);
  if (!disk?.isFile()) return;
  if (disk.uid !== 0 || disk.gid !== 0) await chown(path, 0, 0);
  if ((disk.mode & 0o777) !== 0o600) await chmod(path, 0o600);
}
