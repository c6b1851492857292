import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { logs } from "../operations/logs.ts";

export default class Logs extends BaseCommand {
  static override summary = "show console and workload output";
  static override examples = ["<%= config.bin %> logs web", "<%= config.bin %> logs -f"];
  static override strict = false;
  static override args = {
    machine: Args.string({
      ignoreStdin: true,
      description: "names, globs or id prefixes (default: all of the project)",
    }),
  };
  static override flags = {
    follow: Flags.boolean({ char: "f", description: "go on until interrupted" }),
    tail: Flags.integer({ char: "n", min: 0, description: "only the last N lines of each", helpValue: "N" }),
  };

  async run(): Promise<{ lines: { machine: string; line: string }[] }> {
    const { argv, flags } = await this.parse(Logs);
    const lines: { machine: string; line: string }[] = [];
    const prefixed = argv.length !== 1 || /[*?]/.test(String(argv[0]));
    await logs(await this.context(flags), {
      machines: argv as string[],
      follow: flags.follow && !this.jsonEnabled(),
      tail: flags.tail,
      onLine: (machine, line) => {
        if (this.jsonEnabled()) lines.push({ machine, line });
        else this.log(prefixed ? `${machine} | ${line}` : line);
      },
    });
    return { lines };
  }
}
