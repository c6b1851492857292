import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { type UpResult, up } from "../operations/up.ts";

export default class Up extends BaseCommand {
  static override summary = "create and start machines";
  static override undoes = true;
  static override description =
    "Creates what is missing, starts what is stopped, moves what runs at the other level, and returns when every machine answers on SSH.";
  static override examples = ["<%= config.bin %> up", "<%= config.bin %> up web --isolation vm"];
  static override strict = false;
  static override args = {
    machine: Args.string({
      ignoreStdin: true,
      description: "names, globs or id prefixes (default: all of the project)",
    }),
  };
  static override flags = {
    isolation: Flags.option({
      options: ["vm", "container"] as const,
      description: "the level to run at; remembered",
    })(),
    parallel: Flags.integer({ min: 1, description: "how many machines at once (default 4)", helpValue: "N" }),
  };

  async run(): Promise<UpResult> {
    const { argv, flags } = await this.parse(Up);
    const result = await up(await this.context(flags), {
      machines: argv as string[],
      isolation: flags.isolation,
      parallel: flags.parallel,
    });
    return result;
  }
}
