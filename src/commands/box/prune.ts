import { Flags } from "@oclif/core";
import { BaseCommand } from "../../base-command.ts";
import { type PruneResult, pruneBoxes } from "../../operations/box-prune.ts";
import { size } from "../../ui/index.ts";

export default class BoxPrune extends BaseCommand {
  static override summary = "remove layers and downloads that nobody uses";
  static override description =
    "What a machine stands on stays, and so do boxes that cannot be had again: made of a machine, or of a file that is gone.";
  static override examples = ["<%= config.bin %> box prune --dry-run", "<%= config.bin %> box prune --all"];
  static override flags = {
    all: Flags.boolean({
      char: "a",
      description: "also boxes that no machine uses, and the cache of builds",
    }),
    "dry-run": Flags.boolean({ description: "only tell what would be removed" }),
  };

  async run(): Promise<PruneResult> {
    const { flags } = await this.parse(BoxPrune);
    const options = { all: flags.all, dryRun: flags["dry-run"] };
    const result = await pruneBoxes(await this.context(flags), options);
    if (!this.jsonEnabled()) this.print(result, flags.quiet);
    return result;
  }

  private print(result: PruneResult, quiet: boolean): void {
    const verb = result.dryRun ? "would remove" : "removed";
    for (const name of result.boxes) this.log(`${verb} box ${name}`);
    for (const kind of ["layers", "disks", "kernels"] as const)
      for (const digest of result[kind]) this.log(`${verb} ${kind.slice(0, -1)} ${digest.slice(0, 12)}`);
    for (const file of result.downloads) this.log(`${verb} download ${file}`);
    if (result.buildCacheBytes > 0) this.log(`${verb} the cache of builds`);
    const freed = size(result.freedBytes / 1024 / 1024);
    if (!quiet) this.say(result.dryRun ? `${freed} would be freed` : `${freed} freed`);
  }
}
