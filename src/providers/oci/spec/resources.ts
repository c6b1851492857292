import type { RunSpec } from "../../provider.ts";
import type { OciResources } from "./types.ts";

const CPU_PERIOD_US = 100_000;
const MIB = 1024 * 1024;

/** The limits of a machine. The default of `pids` is what a kernel of its own would allow with that memory. */
export function resources(
  spec: Pick<RunSpec, "cpus" | "memoryMiB" | "pids">,
  swapAccounting: boolean,
): OciResources {
  const memory = spec.memoryMiB * MIB;
  return {
    devices: [{ allow: false, access: "rwm" }],
    // the same number for memory with swap: a machine does not push its pages onto the host's disk
    memory: { limit: memory, ...(swapAccounting ? { swap: memory } : {}) },
    cpu: { quota: Math.round(spec.cpus * CPU_PERIOD_US), period: CPU_PERIOD_US },
    pids: { limit: spec.pids ?? Math.max(4096, spec.memoryMiB * 8) },
  };
}
