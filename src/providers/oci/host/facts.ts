import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BothyError } from "../../../errors.ts";
import { statIfExists } from "../../../system/index.ts";
import { type CgroupLayout, parseCgroupLayout } from "./cgroups.ts";

/** What a container's configuration has to know of the host. */
export interface HostFacts {
  /** `CapBnd` of /proc/self/status. */
  readonly boundingSet: string;
  readonly cgroups: CgroupLayout;
  /** Whether the kernel counts swap, so that it can be limited. */
  readonly swapAccounting: boolean;
  /** Most files that a process here may be allowed to open. */
  readonly openFilesHard: number;
  /** As `uname -m` says it. */
  readonly architecture: string;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };

/** Reads the host's facts; a few small files of the kernel, no process. */
export async function readHostFacts(): Promise<HostFacts> {
  const [status, mountinfo, limits] = await Promise.all([
    readFile("/proc/self/status", "utf8"),
    readFile("/proc/self/mountinfo", "utf8"),
    readFile("/proc/self/limits", "utf8"),
  ]);
  const cgroups = parseCgroupLayout(mountinfo);
  if (!cgroups) throw noCgroups();
  return {
    boundingSet: /^CapBnd:\s*(\w+)/m.exec(status)?.[1] ?? "0",
    cgroups,
    swapAccounting: await countsSwap(cgroups),
    openFilesHard: parseOpenFiles(limits),
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
  };
}

/** The hard limit of open files in the text of /proc/self/limits. */
export function parseOpenFiles(limits: string): number {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  return hard === undefined || hard === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(hard);
}

/** v2 runtimes cope with a kernel that does not count; on v1 they would fail. */
async function countsSwap(cgroups: CgroupLayout): Promise<boolean> {
  if (cgroups.kind === "v2") return true;
  const memory = cgroups.hierarchies.find((path) => path.split(/[/,]/).includes("memory"));
  return (
    memory !== undefined && (await statIfExists(join(memory, "memory.memsw.limit_in_bytes"))) !== undefined
  );
}

function noCgroups(): BothyError {
  return new BothyError("KERNEL_FEATURE", "no cgroups are mounted below /sys/fs/cgroup", {
    hints: ["mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup"],
  });
}
