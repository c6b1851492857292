import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { copy } from "../operations/copy.ts";

export default class Cp extends BaseCommand {
  static override summary = "copy a file or folder between host and machine";
  static override description = "One side is MACHINE:PATH. Relative paths inside start at the user's home.";
  static override examples = [
    "<%= config.bin %> cp ./site web:/srv/",
    "<%= config.bin %> cp web:/var/log/syslog .",
  ];
  static override args = {
    source: Args.string({ ignoreStdin: true, required: true, description: "PATH or MACHINE:PATH" }),
    target: Args.string({ ignoreStdin: true, required: true, description: "PATH or MACHINE:PATH" }),
  };
  static override flags = {
    user: Flags.string({
      char: "u",
      description: "whose rights and ownership (default: the machine's user)",
    }),
  };

  async run(): Promise<{ from: string; to: string }> {
    const { args, flags } = await this.parse(Cp);
    return copy(await this.context(flags), { from: args.source, to: args.target, user: flags.user });
  }
}
