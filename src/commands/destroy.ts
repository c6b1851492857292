import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { BothyError } from "../errors.ts";
import { type DestroyOutcome, destroy, destroyable } from "../operations/destroy.ts";
import { confirm } from "../ui/index.ts";

export default class Destroy extends BaseCommand {
  static override summary = "remove machines and everything they wrote";
  static override description = "Boxes stay. A machine that does not exist is no failure.";
  static override examples = ["<%= config.bin %> destroy web", "<%= config.bin %> destroy -f"];
  static override strict = false;
  static override args = {
    machine: Args.string({
      ignoreStdin: true,
      description: "names, globs or id prefixes (default: all of the project)",
    }),
  };
  static override flags = { force: Flags.boolean({ char: "f", description: "do not ask" }) };

  async run(): Promise<{ machines: readonly DestroyOutcome[] }> {
    const { argv, flags } = await this.parse(Destroy);
    const context = await this.context(flags);
    const machines = argv as string[];
    if (!flags.force) {
      const names = (await destroyable(context, machines)).map((target) => target.name);
      if (names.length > 0 && !(await this.agreed(names, context.signal))) return { machines: [] };
    }
    return destroy(context, machines);
  }

  private async agreed(names: string[], signal: AbortSignal): Promise<boolean> {
    if (process.stdin.isTTY && !this.jsonEnabled())
      return confirm(`destroy ${names.join(", ")} and all their data?`, signal);
    throw new BothyError(
      "USAGE",
      "destroy asks before it removes anything, and there is no terminal to ask on",
      {
        hints: ["bothy destroy -f"],
      },
    );
  }
}
