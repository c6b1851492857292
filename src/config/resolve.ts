import { DEFAULTS } from "./defaults.ts";
import type { Draft, DraftProject } from "./normalise.ts";
import type { MachineConfig, ProjectConfig } from "./project-config.ts";
import { parseMiB } from "./sizes.ts";

/** The finished configuration of a project that has passed the rules. */
export function resolve(project: DraftProject): ProjectConfig {
  return { name: project.name, machines: project.machines.map(resolveMachine) };
}

function resolveMachine({ name, settings }: Draft): MachineConfig {
  return {
    name,
    box: settings.box ?? "",
    user: settings.user,
    isolation: settings.isolation ?? DEFAULTS.isolation,
    cpus: settings.cpus ?? DEFAULTS.cpus,
    memoryMiB: parseMiB(settings.memory ?? DEFAULTS.memory) ?? 0,
    diskMiB: parseMiB(settings.disk ?? DEFAULTS.disk) ?? 0,
    volumes: settings.volumes ?? [],
    hostname: settings.hostname ?? name,
    environment: settings.environment,
    limits: { pids: settings.limits?.pids },
    vm: { acceleration: settings.vm?.acceleration ?? DEFAULTS.acceleration },
  };
}
