import { dockerfilePath } from "../boxes/dockerfile/index.ts";
import { isKnownBox } from "../boxes/index.ts";
import {
  type LoadedProject,
  loadProject,
  type ProjectConfig,
  resolvedYaml,
  type SourceConfig,
} from "../config/index.ts";
import { messageOf } from "../errors.ts";
import { statIfExists } from "../system/index.ts";
import type { Context } from "./context.ts";
import { boxNameOf, dockerfileOf } from "./source.ts";

/** Reads and checks the project file; its warnings are said. @throws ConfigError with every problem at once. */
export async function checkProject(ctx: Context): Promise<LoadedProject> {
  const project = await loadProject({ cwd: ctx.cwd });
  const unknown = await missingSources(ctx, project);
  const warnings = [...project.warnings, ...unknown];
  for (const warning of warnings) ctx.reporter.warn(warning);
  return { ...project, warnings };
}

/** A line for each source that `up` would not find: a warning, because somebody may still add it. */
async function missingSources(ctx: Context, { config, folder }: LoadedProject): Promise<string[]> {
  const sources = new Map(config.machines.map(({ source }) => [JSON.stringify(source), source]));
  const found = await Promise.all([...sources.values()].map((source) => doubtAbout(ctx, source, folder)));
  return found.filter((line) => line !== undefined);
}

async function doubtAbout(ctx: Context, source: SourceConfig, folder: string): Promise<string | undefined> {
  if (source.kind === "box") {
    if (await isKnownBox(ctx.layout, source.name)) return undefined;
    return `no box "${source.name}": \`bothy box list\` shows those there are`;
  }
  if (source.kind === "image") {
    try {
      boxNameOf(source, folder);
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }
  const path = dockerfilePath(dockerfileOf(source, folder));
  return (await statIfExists(path)) ? undefined : `no Dockerfile at ${path}`;
}

/** The resolved project as a valid project file. */
export function resolvedText(config: ProjectConfig): string {
  return resolvedYaml(config);
}
