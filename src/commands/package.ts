import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { type Packaged, packageMachine } from "../operations/package.ts";

export default class Package extends BaseCommand {
  static override summary = "make a box of a machine";
  static override description =
    "The box of the machine gets one more layer: what the machine wrote, without what belongs to it alone (names, keys, leases, logs). The machine may run, and stays as it is.";
  static override examples = [
    "<%= config.bin %> package web",
    "<%= config.bin %> package web --name team/web/1.0 --output web.tar.gz",
  ];
  static override undoes = true;
  static override args = {
    machine: Args.string({
      ignoreStdin: true,
      description: "a name or an id prefix (default: the only one)",
    }),
  };
  static override flags = {
    name: Flags.string({ description: "the new box's name (default: PROJECT/MACHINE)", helpValue: "BOX" }),
    output: Flags.string({
      char: "o",
      description: "also write the box to a file or folder, as `box export` does",
      helpValue: "PATH",
    }),
    format: Flags.option({
      options: ["oci", "docker", "rootfs", "vagrant"] as const,
      description: "what to write (default: as the name of the output tells)",
      dependsOn: ["output"],
    })(),
    force: Flags.boolean({ description: "replace a box, or a file, that is there" }),
  };

  async run(): Promise<Packaged> {
    const { args, flags } = await this.parse(Package);
    const { name, output, format, force } = flags;
    const packaged = await packageMachine(await this.context(flags), {
      ...{ machine: args.machine, name, output, format, force },
    });
    if (!this.jsonEnabled()) this.log(packaged.name);
    return packaged;
  }
}
