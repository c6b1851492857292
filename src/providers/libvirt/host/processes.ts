import { readdir, readFile } from "node:fs/promises";
import type { Layout } from "../../../system/index.ts";

/** A QEMU on this host. */
export interface QemuProcess {
  readonly pid: number;
  readonly argv: readonly string[];
}

/**
 * Every QEMU of the host, as /proc shows it: the truth when no daemon can be asked, since a QEMU lives on
 * without its daemon.
 */
export async function listQemu(proc = "/proc"): Promise<QemuProcess[]> {
  const pids = (await readdir(proc)).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(pids.map((pid) => readProcess(proc, pid)));
  return all.filter((process) => process !== undefined);
}

/** The QEMUs with that UUID; libvirt passes a domain's on the command line. */
export async function listQemuOf(uuid: string, proc?: string): Promise<QemuProcess[]> {
  const all = await listQemu(proc);
  return all.filter(({ argv }) => argv[argv.indexOf("-uuid") + 1] === uuid);
}

/** The QEMUs that use a file below `folder`. */
export function usingFolder(processes: readonly QemuProcess[], folder: string): QemuProcess[] {
  return processes.filter(({ argv }) => argv.some((word) => word.includes(`"${folder}/`)));
}

/** Pids of the QEMUs that use a file of this store, also of those that no daemon looks after any more. */
export async function listQemuOfStore({ home, run }: Layout): Promise<number[]> {
  const all = await listQemu();
  return all
    .filter((one) => usingFolder([one], home).length + usingFolder([one], run).length > 0)
    .map(({ pid }) => pid);
}

async function readProcess(proc: string, pid: string): Promise<QemuProcess | undefined> {
  const name = await readFile(`${proc}/${pid}/comm`, "latin1").catch(() => "");
  if (!name.startsWith("qemu-")) return undefined;
  const words = await readFile(`${proc}/${pid}/cmdline`, "utf8").catch(() => "");
  return words === "" ? undefined : { pid: Number(pid), argv: words.split("\0") }; // a zombie has none
}
