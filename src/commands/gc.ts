import { Flags } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { type GcResult, gc } from "../operations/gc.ts";

export default class Gc extends BaseCommand {
  static override summary = "remove what crashes and kills left behind";
  static override description = "Machines, boxes and anything that runs are never touched.";
  static override flags = { "dry-run": Flags.boolean({ description: "only list it" }) };

  async run(): Promise<GcResult> {
    const { flags } = await this.parse(Gc);
    const result = await gc(await this.context(flags), { dryRun: flags["dry-run"] });
    if (!this.jsonEnabled()) {
      for (const { kind, name } of result.found)
        this.log(`${flags["dry-run"] ? "would remove" : "removed"} ${kind} ${name}`);
      if (result.found.length === 0 && !flags.quiet) this.say("nothing was left behind");
    }
    return result;
  }
}
