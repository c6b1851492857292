import { Args } from "@oclif/core";
import { BaseCommand } from "../../base-command.ts";
import { type RemovedBoxes, removeBoxes } from "../../operations/box-remove.ts";
import { size } from "../../ui/index.ts";

export default class BoxRemove extends BaseCommand {
  static override summary = "remove boxes that no machine uses";
  static override description =
    "Layers that other boxes or machines have stay. A box is named as in `box list`, or as its image: nginx:1.27";
  static override examples = [
    "<%= config.bin %> box remove debian/12",
    "<%= config.bin %> box remove nginx:1.27",
  ];
  static override strict = false;
  static override args = {
    box: Args.string({ ignoreStdin: true, required: true, description: "names or images" }),
  };

  async run(): Promise<RemovedBoxes> {
    const { argv, flags } = await this.parse(BoxRemove);
    const result = await removeBoxes(await this.context(flags), argv as string[]);
    if (!this.jsonEnabled() && !flags.quiet) {
      this.say(`removed ${result.removed.join(", ")} (${size(result.freedBytes / 1024 / 1024)} freed)`);
    }
    return result;
  }
}
