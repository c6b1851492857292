import { stringify } from "yaml";
import type { MachineConfig, ProjectConfig } from "./project-config.ts";
import { formatMiB } from "./sizes.ts";

/** The configuration as a project file that means the same, with nothing left to a default. */
export function resolvedYaml(config: ProjectConfig): string {
  const machines = Object.fromEntries(config.machines.map((machine) => [machine.name, written(machine)]));
  return stringify(escaped({ name: config.name, machines }), { lineWidth: 0 });
}

function written(machine: MachineConfig): object {
  const { name: _, memoryMiB, diskMiB, volumes, environment, limits, ...same } = machine;
  return {
    ...same,
    memory: formatMiB(memoryMiB),
    disk: formatMiB(diskMiB),
    ...(volumes.length > 0 && { volumes }),
    ...(Object.keys(environment).length > 0 && { environment }),
    ...(limits.pids !== undefined && { limits }),
  };
}

/** A dollar sign of a value is written as two. */
function escaped(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("$", "$$$$");
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]));
}
