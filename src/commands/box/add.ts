import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../../base-command.ts";
import { addBox } from "../../operations/box-add.ts";
import type { BoxDetails } from "../../operations/box-inspect.ts";

export default class BoxAdd extends BaseCommand {
  static override summary = "add a box: an image, a Dockerfile, a Vagrant box, a disk, a tarball";
  static override description =
    "SOURCE is the name of an image in a registry, a file or folder, or a URL. Files are told by their content: Vagrant boxes and catalogs, cloud images (qcow2, raw), tarballs of root file systems, `docker save` archives. A folder has an OCI layout or a Dockerfile. Prefixes say which is meant: docker://, oci:, docker-archive:, oci-archive:.";
  static override examples = [
    "<%= config.bin %> box add nginx:1.27",
    "<%= config.bin %> box add registry.example.com:5000/team/app@sha256:...",
    "<%= config.bin %> box add ./web --name shop/web",
    "<%= config.bin %> box add debian-12-genericcloud-amd64.qcow2 --name debian/cloud",
    "<%= config.bin %> box add https://example.com/boxes/debian.json --version '~> 12.1'",
    "<%= config.bin %> box add docker-archive:images.tar:web:1",
  ];
  static override undoes = true;
  static override args = {
    source: Args.string({ ignoreStdin: true, required: true, description: "image, file, folder or URL" }),
  };
  static override flags = {
    name: Flags.string({ description: "what the box is called (default: as the image or file is)" }),
    force: Flags.boolean({
      char: "f",
      description: "add it even when it is there, or the name is another's",
    }),
    platform: Flags.string({ description: "of an image (default: this host's)", helpValue: "linux/arm64" }),
    checksum: Flags.string({ description: "what a file must have", helpValue: "ALG:HEX" }),
    version: Flags.string({ description: "which version of a catalog", helpValue: "CONSTRAINT" }),
    provider: Flags.option({ options: ["libvirt", "lxc"] as const, description: "which one of a catalog" })(),
    architecture: Flags.string({ description: "which one of a catalog (default: this host's)" }),
  };

  async run(): Promise<BoxDetails> {
    const { args, flags } = await this.parse(BoxAdd);
    const { name, force, platform, checksum, version, provider, architecture } = flags;
    const options = { name, force, platform, checksum, version, provider, architecture };
    const box = await addBox(await this.context(flags), args.source, options);
    if (!this.jsonEnabled() && !flags.quiet) this.say(`box: ${box.name}`);
    return box;
  }
}
