import { Args } from "@oclif/core";
import { BaseCommand } from "../../base-command.ts";
import { removeBoxes } from "../../operations/box.ts";

export default class BoxRemove extends BaseCommand {
  static override summary = "remove a box that no machine uses";
  static override args = { box: Args.string({ ignoreStdin: true, required: true }) };

  async run(): Promise<{ removed: string }> {
    const { args, flags } = await this.parse(BoxRemove);
    await removeBoxes(await this.context(flags), args.box);
    if (!this.jsonEnabled() && !flags.quiet) this.say(`removed ${args.box}`);
    return { removed: args.box };
  }
}
