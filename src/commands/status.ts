import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { type MachineStatus, type StatusResult, status } from "../operations/status.ts";
import { duration, size, table } from "../ui/index.ts";

export default class Status extends BaseCommand {
  static override summary = "show the live state of machines";
  static override examples = ["<%= config.bin %> status", "<%= config.bin %> status --all --json"];
  static override strict = false;
  static override args = {
    machine: Args.string({
      ignoreStdin: true,
      description: "names, globs or id prefixes (default: all of the project)",
    }),
  };
  static override flags = { all: Flags.boolean({ char: "a", description: "every project on this host" }) };

  async run(): Promise<StatusResult> {
    const { argv, flags } = await this.parse(Status);
    const result = await status(await this.context(flags), { machines: argv as string[], all: flags.all });
    if (!this.jsonEnabled()) this.print(result.machines, flags.all);
    return result;
  }

  private print(machines: readonly MachineStatus[], all: boolean): void {
    if (machines.length === 0) {
      this.say("no machines");
      return;
    }
    const header = [
      "name",
      "id",
      "state",
      "isolation",
      "ip",
      "cpus",
      "memory",
      "disk used",
      "uptime",
      "box",
      ...(all ? ["project"] : []),
    ];
    this.log(
      table(
        header,
        machines.map((machine) => row(machine, all)),
      ),
    );
    for (const machine of machines) if (machine.reason) this.say(`${machine.name}: ${machine.reason}`);
  }
}

function row(machine: MachineStatus, all: boolean): string[] {
  return [
    machine.name,
    machine.id ?? "-",
    machine.health ? `${machine.state} (${machine.health})` : machine.state,
    machine.isolation,
    machine.ip ?? "-",
    String(machine.cpus),
    size(machine.memoryMiB),
    machine.diskUsedMiB === null ? "-" : size(machine.diskUsedMiB),
    machine.uptimeS === null ? "-" : duration(machine.uptimeS),
    machine.box,
    ...(all ? [machine.project ?? "-"] : []),
  ];
}
