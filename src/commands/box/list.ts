import { BaseCommand } from "../../base-command.ts";
import { type BoxSummary, boxSummaries } from "../../operations/box.ts";
import { size, table } from "../../ui/index.ts";

export default class BoxList extends BaseCommand {
  static override summary = "list boxes: built ones and recipes";

  async run(): Promise<{ boxes: readonly BoxSummary[] }> {
    const { flags } = await this.parse(BoxList);
    const boxes = await boxSummaries(await this.context(flags));
    if (!this.jsonEnabled()) this.log(table(["name", "state", "digest", "size", "machines"], boxes.map(row)));
    return { boxes };
  }
}

function row(box: BoxSummary): string[] {
  const digest = box.digest?.slice(0, 12) ?? "-";
  return [
    box.name,
    box.state,
    digest,
    box.sizeMiB === null ? "-" : size(box.sizeMiB),
    box.machines.join(", ") || "-",
  ];
}
