import { split } from "shlex";
import { DEFAULTS } from "./defaults.ts";
import type { Draft, DraftProject, Settings } from "./normalise.ts";
import type { MachineConfig, ProjectConfig, RunConfig, SourceConfig } from "./project-config.ts";
import { parseMiB } from "./sizes.ts";

/** The finished configuration of a project that has passed the rules. */
export function resolve(project: DraftProject): ProjectConfig {
  return { name: project.name, machines: project.machines.map(resolveMachine) };
}

function resolveMachine({ name, settings }: Draft): MachineConfig {
  return {
    name,
    source: sourceOf(settings),
    user: settings.user,
    isolation: settings.isolation ?? DEFAULTS.isolation,
    cpus: settings.cpus ?? DEFAULTS.cpus,
    memoryMiB: parseMiB(settings.memory ?? DEFAULTS.memory) ?? 0,
    diskMiB: parseMiB(settings.disk ?? DEFAULTS.disk) ?? 0,
    volumes: settings.volumes ?? [],
    hostname: settings.hostname ?? name,
    environment: settings.environment,
    run: settings.run && runOf(settings.run),
    limits: { pids: settings.limits?.pids },
    vm: {
      acceleration: settings.vm?.acceleration ?? DEFAULTS.acceleration,
      kernel: settings.vm?.kernel ?? DEFAULTS.kernel,
    },
  };
}

function sourceOf({ box, image, build }: Settings): SourceConfig {
  if (image !== undefined) return { kind: "image", reference: image };
  if (build !== undefined) return { kind: "build", ...build };
  return { kind: "box", name: box ?? "" };
}

function runOf({ command, stop_signal, restart, ...same }: NonNullable<Settings["run"]>): RunConfig {
  const words = typeof command === "string" ? split(command) : command;
  return { ...same, command: words, restart: restart ?? DEFAULTS.restart, stopSignal: stop_signal };
}
