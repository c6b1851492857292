import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../../base-command.ts";
import { type BoxExported, exportBoxes } from "../../operations/box-export.ts";

export default class BoxExport extends BaseCommand {
  static override summary = "write a box as a file that other tools read";
  static override description =
    "oci: an OCI image layout (a folder or a .tar). docker: an archive for `docker load`. rootfs: a tarball of the whole root file system. vagrant: a libvirt .box.";
  static override examples = [
    "<%= config.bin %> box export debian/12 --output ./debian",
    "<%= config.bin %> box export shop/web --format docker --output web.tar",
    "<%= config.bin %> box export shop/web --output web.tar.gz",
  ];
  static override undoes = true;
  static override args = { box: Args.string({ ignoreStdin: true, required: true }) };
  static override flags = {
    output: Flags.string({
      char: "o",
      required: true,
      description: "the file or folder to write",
      helpValue: "PATH",
    }),
    format: Flags.option({
      options: ["oci", "docker", "rootfs", "vagrant"] as const,
      description: "what to write (default: as the name of the output tells)",
    })(),
    force: Flags.boolean({ description: "replace what is there" }),
  };

  async run(): Promise<BoxExported> {
    const { args, flags } = await this.parse(BoxExport);
    const { output, format, force } = flags;
    const written = await exportBoxes(await this.context(flags), { box: args.box, output, format, force });
    if (!this.jsonEnabled()) this.log(written.output);
    return written;
  }
}
