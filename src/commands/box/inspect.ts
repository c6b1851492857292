import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../../base-command.ts";
import { type BoxDetails, inspectBox } from "../../operations/box-inspect.ts";

export default class BoxInspect extends BaseCommand {
  static override summary = "show everything about a box, as JSON";
  static override args = { box: Args.string({ ignoreStdin: true, required: true }) };
  static override flags = {
    verify: Flags.boolean({ description: "check every byte of it against its digest" }),
  };

  async run(): Promise<BoxDetails> {
    const { args, flags } = await this.parse(BoxInspect);
    const details = await inspectBox(await this.context(flags), args.box, { verify: flags.verify });
    if (!this.jsonEnabled()) this.log(JSON.stringify(details, null, 2));
    return details;
  }
}
