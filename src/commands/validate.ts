import { BaseCommand } from "../base-command.ts";
import { checkProject } from "../operations/project.ts";

export default class Validate extends BaseCommand {
  static override summary = "check the project file";
  static override needsRoot = false;

  async run(): Promise<{ path: string; machines: string[]; warnings: readonly string[] }> {
    const { flags } = await this.parse(Validate);
    const { path, config, warnings } = await checkProject(await this.context(flags));
    const machines = config.machines.map((machine) => machine.name);
    if (!this.jsonEnabled() && !flags.quiet) this.say(`${path} is valid: ${machines.join(", ")}`);
    return { path, machines, warnings };
  }
}
