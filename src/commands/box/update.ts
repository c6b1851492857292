import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../../base-command.ts";
import { type BoxUpdate, updateBoxes } from "../../operations/box-update.ts";

export default class BoxUpdateCommand extends BaseCommand {
  static override summary = "get what is newer, under the same names";
  static override description =
    "Machines keep what they were made with; destroy one and bring it up to have the newer box.";
  static override examples = [
    "<%= config.bin %> box update nginx:1.27",
    "<%= config.bin %> box update --all",
  ];
  static override undoes = true;
  static override strict = false;
  static override args = { box: Args.string({ ignoreStdin: true, description: "names or images" }) };
  static override flags = { all: Flags.boolean({ char: "a", description: "every box of the store" }) };

  async run(): Promise<{ boxes: readonly BoxUpdate[] }> {
    const { argv, flags } = await this.parse(BoxUpdateCommand);
    const result = await updateBoxes(await this.context(flags), argv as string[], { all: flags.all });
    if (!this.jsonEnabled() && !flags.quiet) for (const update of result.boxes) this.say(line(update));
    return result;
  }
}

function line({ name, action, to, machines, reason }: BoxUpdate): string {
  if (action === "unchanged") return `${name} is unchanged${reason ? `: ${reason}` : ""}`;
  const kept =
    machines.length > 0
      ? `; ${machines.join(", ")} ${machines.length === 1 ? "keeps" : "keep"} the one before`
      : "";
  return `${name} is now ${to.slice(0, 12)}${kept}`;
}
