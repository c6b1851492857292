import { type LoadedProject, loadProject, type ProjectConfig, resolvedYaml } from "../config/index.ts";
import type { Context } from "./context.ts";

/** Reads and checks the project file; its warnings are said. @throws ConfigError with every problem at once. */
export async function checkProject(ctx: Context): Promise<LoadedProject> {
  const project = await loadProject({ cwd: ctx.cwd });
  for (const warning of project.warnings) ctx.reporter.warn(warning);
  return project;
}

/** The resolved project as a valid project file. */
export function resolvedText(config: ProjectConfig): string {
  return resolvedYaml(config);
}
