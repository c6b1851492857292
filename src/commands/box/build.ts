import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../../base-command.ts";
import { buildBoxes } from "../../operations/box-build.ts";
import type { BoxSummary } from "../../operations/box-list.ts";

export default class BoxBuild extends BaseCommand {
  static override summary = "build a box from its recipe";
  static override undoes = true;
  static override description =
    "Also builds what every machine needs beside a box: the guest tools and the kernel. What is up to date is left alone.";
  static override examples = ["<%= config.bin %> box build debian/12"];
  static override args = {
    box: Args.string({ ignoreStdin: true, required: true, description: "the recipe's name" }),
  };
  static override flags = { force: Flags.boolean({ description: "build even when nothing changed" }) };

  async run(): Promise<BoxSummary> {
    const { args, flags } = await this.parse(BoxBuild);
    return buildBoxes(await this.context(flags), { name: args.box, force: flags.force });
  }
}
