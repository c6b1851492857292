import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { type Layout, run } from "../../src/system/index.ts";

/** What of a store, or of one machine of it, is still on this host; each a line for a person. Empty: nothing. */
export async function residueOf(layout: Layout, machineId?: string): Promise<string[]> {
  const places = machineId === undefined ? [layout.home, layout.run] : machinePlaces(layout, machineId);
  const mentions = (text: string) =>
    places.some((place) => text.includes(place)) || (machineId !== undefined && text.includes(machineId));
  const found = await Promise.all([
    label("mount", mounts(mentions)),
    label("loop device", loops(mentions)),
    label("link", links(layout, machineId)),
    label("nft table", machineId === undefined ? tables(layout) : []),
    label("domain", domains(layout, machineId)),
    label("cgroup", cgroups(mentions)),
    label("process", processes(mentions)),
    label("folder", machineId === undefined ? [] : existing([layout.machine(machineId).run])),
  ]);
  return found.flat();
}

/** The pids of processes with `text` among their arguments; not this one. */
export function pidsMentioning(text: string): number[] {
  return processes((argv) => argv.includes(text)).map((line) => Number(line.split(" ")[0]));
}

function machinePlaces(layout: Layout, id: string): string[] {
  return [layout.machine(id).folder, layout.machine(id).run];
}

async function label(kind: string, found: string[] | Promise<string[]>): Promise<string[]> {
  return (await found).map((line) => `${kind}: ${line.slice(0, 300)}`);
}

type Mentions = (text: string) => boolean;

function mounts(mentions: Mentions): string[] {
  return linesOf(readFileSync("/proc/self/mountinfo", "utf8")).filter(mentions);
}

/**
 * Loop devices whose file is ours. Tests share images by hard links, and mount(8) takes the device that is there for
 * the same file: one that is mounted elsewhere, while our mounts are gone, is another test's by now.
 */
async function loops(mentions: Mentions): Promise<string[]> {
  const ours = linesOf((await run(["losetup", "-a"])).stdout).filter(mentions);
  return ours.filter((line) => !isMountedAnywhere(line.split(":")[0] ?? ""));
}

function isMountedAnywhere(device: string): boolean {
  return readdirSync("/proc").some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/mountinfo`, "utf8").includes(` ${device} `);
    } catch {
      return false; // ended meanwhile
    }
  });
}

function links(layout: Layout, machineId: string | undefined): string[] {
  return readdirSync("/sys/class/net").filter((name) => {
    if (machineId !== undefined) return name.startsWith(`bo${machineId}`);
    const alias = join("/sys/class/net", name, "ifalias");
    return existsSync(alias) && readFileSync(alias, "utf8").startsWith(`bothy:${layout.tag}:`);
  });
}

async function tables(layout: Layout): Promise<string[]> {
  return linesOf((await run(["nft", "list", "tables"])).stdout).filter((line) =>
    line.includes(`bothy_${layout.tag}_`),
  );
}

/**
 * Domains whose definition carries the machine's id or a file of the store. None where no daemon answers, be it that
 * its socket still lies there: our domains are transient, and their QEMU is found among the processes.
 */
async function domains(layout: Layout, machineId: string | undefined): Promise<string[]> {
  const list = ["virsh", "-q", "list", "--all", "--name"];
  const listed = await run(list, { timeoutMs: 20_000, okCodes: [0, 1] });
  if (listed.exitCode !== 0) {
    if (!listed.stderr.includes("Failed to connect socket"))
      throw new Error(`${list.join(" ")}: ${listed.stderr}`);
    return [];
  }
  const names = linesOf(listed.stdout).filter((name) => name.startsWith("bothy-"));
  const found = await Promise.all(
    names.map(async (name) => {
      const { stdout: xml } = await run(["virsh", "dumpxml", name], { okCodes: [0, 1] });
      return xml.includes(machineId ?? layout.home) ? [name] : [];
    }),
  );
  return found.flat();
}

async function cgroups(mentions: Mentions): Promise<string[]> {
  const { stdout } = await run(["find", "/sys/fs/cgroup", "-type", "d"], { okCodes: [0, 1] });
  return linesOf(stdout).filter(mentions);
}

function processes(mentions: Mentions): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      if (readlinkSync(`/proc/${pid}/exe`) === "") return [];
      const argv = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return mentions(argv) ? [`${pid} ${argv}`] : [];
    } catch {
      return []; // ended meanwhile, or a kernel thread
    }
  });
}

function existing(paths: readonly string[]): string[] {
  return paths.filter((path) => existsSync(path));
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
