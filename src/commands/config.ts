import { BaseCommand } from "../base-command.ts";
import type { ProjectConfig } from "../config/index.ts";
import { checkProject, resolvedText } from "../operations/project.ts";

export default class Config extends BaseCommand {
  static override summary = "print the project file fully resolved";
  static override needsRoot = false;

  async run(): Promise<ProjectConfig> {
    const { flags } = await this.parse(Config);
    const { config } = await checkProject(await this.context(flags));
    if (!this.jsonEnabled()) process.stdout.write(resolvedText(config));
    return config;
  }
}
