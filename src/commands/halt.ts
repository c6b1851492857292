import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { type HaltOutcome, halt } from "../operations/halt.ts";

export default class Halt extends BaseCommand {
  static override summary = "stop machines; their disks are kept";
  static override examples = ["<%= config.bin %> halt", "<%= config.bin %> halt 'web-*'"];
  static override strict = false;
  static override args = {
    machine: Args.string({
      ignoreStdin: true,
      description: "names, globs or id prefixes (default: all of the project)",
    }),
  };
  static override flags = {
    force: Flags.boolean({ char: "f", description: "at once, as if the power failed" }),
  };

  async run(): Promise<{ machines: readonly HaltOutcome[] }> {
    const { argv, flags } = await this.parse(Halt);
    return halt(await this.context(flags), { machines: argv as string[], force: flags.force });
  }
}
