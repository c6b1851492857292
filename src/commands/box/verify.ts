import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../../base-command.ts";
import { type Verified, verifyBoxes } from "../../operations/box-verify.ts";
import { table } from "../../ui/index.ts";

export default class BoxVerify extends BaseCommand {
  static override summary = "check every byte of boxes against its digest";
  static override description =
    "Without a name: all boxes, and the files that only machines have. Only the same bytes are put back by --repair.";
  static override examples = [
    "<%= config.bin %> box verify",
    "<%= config.bin %> box verify --repair nginx:1.27",
  ];
  static override strict = false;
  static override args = {
    box: Args.string({ ignoreStdin: true, description: "names or images (default: all)" }),
  };
  static override flags = {
    repair: Flags.boolean({ description: "fetch again what is damaged, from where the box came from" }),
  };

  async run(): Promise<{ boxes: readonly Verified[] }> {
    const { argv, flags } = await this.parse(BoxVerify);
    const result = await verifyBoxes(await this.context(flags), argv as string[], { repair: flags.repair });
    const rows = result.boxes.map(({ name, state, problems }) => [name, state, problems.join("; ") || "-"]);
    if (!this.jsonEnabled()) this.log(table(["name", "state", "what was wrong"], rows));
    return result;
  }
}
