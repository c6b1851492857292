import { BothyError } from "../../errors.ts";

/** Names of files that are not read, and how to make one that is. */
const FOREIGN: readonly [magic: Buffer, at: number, name: string, hint?: string][] = [
  [Buffer.from("KDMV"), 0, "a VMware disk (vmdk)", "vmdk"],
  [Buffer.from("# Disk DescriptorFile"), 0, "a VMware disk (vmdk)", "vmdk"],
  [Buffer.from([0x7f, 0x10, 0xda, 0xbe]), 64, "a VirtualBox disk (vdi)", "vdi"],
  [Buffer.from("conectix"), 0, "a Hyper-V disk (vhd)", "vpc"],
  [Buffer.from("vhdxfile"), 0, "a Hyper-V disk (vhdx)", "vhdx"],
  [Buffer.from("CD001"), 0x8001, "an installation medium (iso)"],
  [Buffer.from("hsqs"), 0, "a squashfs image"],
];
const ZIP = Buffer.from("PK\u0003\u0004");
/** @throws BothyError `BOX_INVALID` for a file that begins like one of these. */
export function refuseForeign(head: Buffer, title: string): void {
  if (head.subarray(0, ZIP.length).equals(ZIP)) {
    throw unknownFile(
      title,
      "it is a zip archive",
      "pack it anew: `unzip FILE -d box && tar -C box -czf NEW.box .`",
    );
  }
  for (const [magic, at, name, format] of FOREIGN) {
    if (!head.subarray(at, at + magic.length).equals(magic)) continue;
    const hint = format && `make one that can be read: \`qemu-img convert -f ${format} -O qcow2 OLD NEW\``;
    throw unknownFile(title, `it is ${name}`, ...(hint ? [hint] : []));
  }
}

/** The error for a file that no box can be made of. */
export function unknownFile(title: string, why: string, ...hints: string[]): BothyError {
  return new BothyError("BOX_INVALID", `\`${title}\` cannot be made a box of: ${why}`, {
    hints: [
      ...hints,
      "bothy reads Vagrant boxes and catalogs, disks (qcow2, raw), root file systems (tar) and container images",
    ],
  });
}
