import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { init } from "../operations/init.ts";

export default class Init extends BaseCommand {
  static override summary = "write a commented bothy.yaml";
  static override needsRoot = false;
  static override examples = [
    "<%= config.bin %> init debian/12",
    "<%= config.bin %> init --isolation vm --output -",
  ];
  static override args = {
    box: Args.string({ ignoreStdin: true, description: "the box of its machine", default: "debian/12" }),
  };
  static override flags = {
    template: Flags.string({ description: "which example to begin with", default: "single" }),
    isolation: Flags.option({
      options: ["vm", "container"] as const,
      description: "the level to begin with",
    })(),
    output: Flags.string({
      description: "the file to write, or - for stdout",
      default: "bothy.yaml",
      helpValue: "FILE",
    }),
    force: Flags.boolean({ char: "f", description: "replace a file that is there" }),
  };

  async run(): Promise<{ path: string | null }> {
    const { args, flags } = await this.parse(Init);
    const { path, text } = await init(await this.context(flags), { ...flags, box: args.box });
    if (path === null && !this.jsonEnabled()) process.stdout.write(text);
    else if (!flags.quiet && !this.jsonEnabled()) this.say(`wrote ${path}; next: bothy up`);
    return { path };
  }
}
