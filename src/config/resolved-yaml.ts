import { stringify } from "yaml";
import type { MachineConfig, ProjectConfig, RunConfig, SourceConfig } from "./project-config.ts";
import { formatMiB } from "./sizes.ts";

/** The configuration as a project file that means the same, with nothing left to a default. */
export function resolvedYaml(config: ProjectConfig): string {
  const machines = Object.fromEntries(config.machines.map((machine) => [machine.name, written(machine)]));
  return stringify(escaped({ name: config.name, machines }), { lineWidth: 0 });
}

function written(machine: MachineConfig): object {
  const { name: _, source, memoryMiB, diskMiB, volumes, environment, run, limits, ...same } = machine;
  return {
    ...writtenSource(source),
    ...same,
    memory: formatMiB(memoryMiB),
    disk: formatMiB(diskMiB),
    ...(volumes.length > 0 && { volumes }),
    ...(Object.keys(environment).length > 0 && { environment }),
    ...(run && { run: writtenRun(run) }),
    ...(limits.pids !== undefined && { limits }),
  };
}

function writtenSource(source: SourceConfig): object {
  if (source.kind === "box") return { box: source.name };
  if (source.kind === "image") return { image: source.reference };
  const { kind: _, ...build } = source;
  return { build };
}

function writtenRun({ stopSignal, ...same }: RunConfig): object {
  return { ...same, stop_signal: stopSignal };
}

/** A dollar sign of a value is written as two. */
function escaped(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("$", "$$$$");
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]));
}
