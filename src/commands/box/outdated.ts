import { Args } from "@oclif/core";
import { BaseCommand } from "../../base-command.ts";
import { EXIT } from "../../errors.ts";
import { type BoxAge, outdatedBoxes } from "../../operations/box-outdated.ts";
import { table } from "../../ui/index.ts";

export default class BoxOutdated extends BaseCommand {
  static override summary = "look whether there is something newer than boxes";
  static override description =
    "Asks registries, catalogs and mirrors, and changes nothing: `box update` does. Exits with 1 when one of them cannot be asked.";
  static override examples = ["<%= config.bin %> box outdated", "<%= config.bin %> box outdated nginx:1.27"];
  static override strict = false;
  static override args = {
    box: Args.string({ ignoreStdin: true, description: "names or images (default: all)" }),
  };

  async run(): Promise<{ boxes: readonly BoxAge[] }> {
    const { argv, flags } = await this.parse(BoxOutdated);
    const result = await outdatedBoxes(await this.context(flags), argv as string[]);
    if (!this.jsonEnabled())
      this.log(table(["name", "state", "has", "newest", "why"], result.boxes.map(row)));
    if (result.boxes.some(({ state }) => state === "failed")) process.exitCode = EXIT.failed;
    return result;
  }
}

function row({ name, state, current, newest, reason }: BoxAge): string[] {
  return [name, state, short(current), short(newest), reason?.split("\n")[0] ?? "-"];
}

/** Versions as they are; of digests as much as people compare. */
function short(text: string | null): string {
  return text?.replace(/^(?:sha(?:256|512):)?([0-9a-f]{12})[0-9a-f]{52,}$/, "$1") ?? "-";
}
