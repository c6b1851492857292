import { randomUUID } from "node:crypto";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BothyError } from "../../../errors.ts";
import { asset, type Layout, removeTree, run } from "../../../system/index.ts";
import type { Box } from "../../box.ts";
import type { LayerFile } from "../../layers.ts";
import { layerSteps, MERGED, type Mounted, mounted } from "../../mounted/index.ts";
import { type Boot, fetchBoot } from "./boot.ts";
import { makeRawDisk, type RawDisk } from "./disk.ts";
import { makeGuest, requireGuest } from "./guest.ts";
import { type Root, rootAt } from "./root.ts";

/** What a Vagrant box is written from, and where. */
export interface VagrantRequest {
  readonly layout: Layout;
  readonly box: Box;
  readonly layers: readonly LayerFile[];
  /** A folder on the target's file system. */
  readonly scratch: string;
  readonly signal?: AbortSignal | undefined;
  readonly report?: ((line: string) => void) | undefined;
}

const GB = 1024 ** 3;
const LEAST_GB = 10;
const DISK = "disk";

/**
 * Writes a libvirt `.box` of version 1: a qcow2 with the box's root, a kernel and a boot loader, and its metadata.
 * Other than the other formats it is made with identifiers of its own each time.
 * @throws BothyError `EXPORT_FAILED` for a box without an init, an SSH server or a way to an address; `TOOL_MISSING`.
 */
export async function writeVagrantBox(request: VagrantRequest, path: string): Promise<void> {
  const { scratch, signal, report } = request;
  if (process.arch !== "x64")
    throw new BothyError("EXPORT_FAILED", "a disk that boots can be made on x86-64 only");
  const raw = join(scratch, "disk.img");
  const sizeGb = await writeDisk(request, raw);
  report?.("packing the disk");
  await mkdir(join(scratch, "box"));
  const image = join(scratch, "box/box.img");
  await run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, image], { signal });
  await rm(raw);
  const metadata = { provider: "libvirt", format: "qcow2", virtual_size: sizeGb };
  await writeFile(join(scratch, "box/metadata.json"), `${JSON.stringify(metadata)}\n`);
  await copyFile(asset("templates", "vagrant", "Vagrantfile"), join(scratch, "box/Vagrantfile"));
  const members = ["metadata.json", "Vagrantfile", "box.img"];
  const plain = ["--owner=0", "--group=0", "--numeric-owner", "--mode=0644", "-C", join(scratch, "box")];
  await run(["tar", "--use-compress-program=gzip -3", "-cf", path, ...plain, ...members], { signal });
}

/** The disk's size in GB of 2^30 bytes: what the metadata counts in. */
async function writeDisk(request: VagrantRequest, path: string): Promise<number> {
  const { layout, layers, box, scratch, signal, report } = request;
  await using source = await mounted(layout, layerSteps(layers), { signal });
  const init = await requireGuest(rootAt({ folder: join(source.folder, MERGED) }), box.name, box.init);
  report?.("fetching a kernel");
  await mkdir(join(scratch, "boot"));
  const boot = await fetchBoot(join(scratch, "boot"), signal);
  const sizeGb = Math.max(LEAST_GB, Math.ceil((2 * (await bytesOf(source))) / GB));
  const disk = await makeRawDisk(path, { sizeBytes: sizeGb * GB, uuid: randomUUID(), signal });
  report?.("copying the root file system");
  await fill({ ...request, init }, disk, boot);
  await removeTree(join(scratch, "boot"), { within: scratch });
  return sizeGb;
}

async function fill(request: VagrantRequest & { init: string }, disk: RawDisk, boot: Boot): Promise<void> {
  const { layout, layers, signal, init } = request;
  const mount = ["mount", "-t", "ext4", "-o", `loop,offset=${disk.offset}`, "--", disk.path, DISK];
  const steps = [["mkdir", DISK], mount, ...layerSteps(layers)];
  await using mounts = await mounted(layout, steps, { signal });
  await mounts.run(["cp", "-a", "--", `${MERGED}/.`, DISK]);
  const root = rootAt({ folder: join(mounts.folder, DISK) });
  await makeGuest(root, { init, uuid: disk.uuid });
  for (const folder of ["/dev", "/proc", "/sys", "/run"]) await root.folder(folder);
  await placeBoot(root, boot, init, disk.uuid, signal);
  await mounts.run(["extlinux", "--install", `${DISK}/boot/extlinux`]);
}

async function placeBoot(
  root: Root,
  boot: Boot,
  init: string,
  uuid: string,
  signal?: AbortSignal,
): Promise<void> {
  const folder = await root.folder("/boot");
  const [kernel, initrd] = [`vmlinuz-${boot.version}`, `initrd-${boot.version}.img`];
  await run(["cp", "--", boot.vmlinuz, join(folder, kernel)], { signal });
  await root.write(`/boot/${initrd}`, boot.initramfs);
  await run(["cp", "-a", "--", boot.modules, await root.folder("/lib/modules")], { signal });
  const words = `root=UUID=${uuid} init=${init} net.ifnames=0 quiet console=tty0 console=ttyS0`;
  const lines = [
    "DEFAULT linux",
    "PROMPT 0",
    "LABEL linux",
    `  KERNEL /boot/${kernel}`,
    `  INITRD /boot/${initrd}`,
  ];
  await root.write("/boot/extlinux/extlinux.conf", `${[...lines, `  APPEND ${words}`].join("\n")}\n`);
}

async function bytesOf(source: Mounted): Promise<number> {
  const { stdout } = await source.run(["du", "-s", "-B1", "--apparent-size", MERGED]);
  return Number.parseInt(stdout, 10);
}
