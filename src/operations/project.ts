import { isKnownBox } from "../boxes/index.ts";
import { type LoadedProject, loadProject, type ProjectConfig, resolvedYaml } from "../config/index.ts";
import type { Context } from "./context.ts";

/** Reads and checks the project file; its warnings are said. @throws ConfigError with every problem at once. */
export async function checkProject(ctx: Context): Promise<LoadedProject> {
  const project = await loadProject({ cwd: ctx.cwd });
  const unknown = await unknownBoxes(ctx, project.config);
  const warnings = [...project.warnings, ...unknown];
  for (const warning of warnings) ctx.reporter.warn(warning);
  return { ...project, warnings };
}

/** A line for each box that is neither in the store nor a recipe: a warning, because somebody may still add it. */
async function unknownBoxes(ctx: Context, { machines }: ProjectConfig): Promise<string[]> {
  const names = [...new Set(machines.map(({ box }) => box))];
  const known = await Promise.all(names.map((name) => isKnownBox(ctx.layout, name)));
  return names
    .filter((_, index) => !known[index])
    .map((name) => `no box "${name}": \`bothy box list\` shows those there are`);
}

/** The resolved project as a valid project file. */
export function resolvedText(config: ProjectConfig): string {
  return resolvedYaml(config);
}
