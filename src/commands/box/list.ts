import { BaseCommand } from "../../base-command.ts";
import { type BoxSummary, boxSummaries } from "../../operations/box-list.ts";
import { size, table } from "../../ui/index.ts";

const HEADER = ["name", "kind", "state", "size", "shared", "own", "created", "machines"];

export default class BoxList extends BaseCommand {
  static override summary = "list boxes: those in the store, and recipes that were not built";

  async run(): Promise<{ boxes: readonly BoxSummary[] }> {
    const { flags } = await this.parse(BoxList);
    const boxes = await boxSummaries(await this.context(flags));
    if (!this.jsonEnabled()) this.log(table(HEADER, boxes.map(row)));
    return { boxes };
  }
}

function row(box: BoxSummary): string[] {
  return [
    box.name,
    box.kind ?? "-",
    box.vmOnly ? "vm only" : box.state,
    ...[box.sizeBytes, box.sharedBytes, box.ownBytes].map(bytes),
    box.createdAt?.slice(0, 16).replace("T", " ") ?? "-",
    box.machines.join(", ") || "-",
  ];
}

function bytes(count: number | null): string {
  return count === null ? "-" : size(count / 1024 / 1024);
}
