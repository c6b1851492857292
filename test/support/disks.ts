import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../../src/system/index.ts";

/** One partition of a disk to be made. */
export interface PartitionSpec {
  readonly fs: "ext4" | "xfs" | "btrfs" | "vfat" | "swap" | "lvm" | "luks" | "none";
  readonly sizeMiB: number;
  /** A folder whose content it gets. */
  readonly tree?: string;
  readonly label?: string;
  readonly uuid?: string;
  /** sfdisk's name or id for the partition's type. */
  readonly type?: string;
  readonly bootable?: boolean;
  /** Of btrfs: subvolume by name, with the folder that fills it. */
  readonly subvolumes?: Readonly<Record<string, string>>;
}

/** Writes files of a tree: text by path; a value that starts with `-> ` is a link; a name that ends in `/` a folder. */
export async function plant(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const target = join(root, path);
    await mkdir(path.endsWith("/") ? target : dirname(target), { recursive: true });
    if (path.endsWith("/")) continue;
    if (text.startsWith("-> ")) await symlink(text.slice(3), target);
    else await writeFile(target, text);
    if (text.startsWith("#!")) await chmod(target, 0o755);
  }
}

/** What the smallest tree is that counts as a system's root. */
export const SYSTEM = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nvagrant:x:1000:1000::/home/vagrant:/bin/sh\n",
  "etc/os-release": "-> ../usr/lib/os-release",
  "usr/lib/os-release": "ID=fake\n",
  "usr/sbin/init": "#!/bin/sh\nexit 0\n",
  sbin: "-> usr/sbin",
  "etc/fstab": "UUID=11111111-2222-3333-4444-555555555555 / ext4 defaults 0 1\n",
} as const;

/** Makes a raw disk with a partition table, or with one file system and no table. */
export async function makeDisk(
  file: string,
  label: "dos" | "gpt" | "none",
  partitions: readonly PartitionSpec[],
): Promise<void> {
  const scratch = `${file}.${randomBytes(3).toString("hex")}`;
  await mkdir(scratch);
  const first = label === "none" ? 0 : 1;
  let at = first;
  const lines = [`label: ${label}`];
  const places: { path: string; at: number }[] = [];
  for (const [index, spec] of partitions.entries()) {
    const path = join(scratch, `part${index}`);
    await makeFileSystem(path, spec);
    // a logical partition has a megabyte before it for its own table
    const isLogical = label === "dos" && partitions.length > 4 && index > 2;
    if (label === "dos" && partitions.length > 4 && index === 3) lines.push(`start=${at}MiB, type=5`);
    if (isLogical) at += 1;
    places.push({ path, at });
    const type = spec.type ? `, type=${spec.type}` : "";
    lines.push(`start=${at}MiB, size=${spec.sizeMiB}MiB${type}${spec.bootable ? ", bootable" : ""}`);
    at += spec.sizeMiB;
  }
  await run(["truncate", "--size", `${at + first}M`, file]);
  if (label !== "none") await run(["sfdisk", "--quiet", file], { input: `${lines.join("\n")}\n` });
  for (const place of places) {
    await run(["dd", `if=${place.path}`, `of=${file}`, "bs=1M", `seek=${place.at}`, "conv=notrunc,sparse"]);
  }
  await rm(scratch, { recursive: true });
}

/** Packs files as a Vagrant box, in the way of vagrant-libvirt's own script; `file` ends in `.tar` for no compression. */
export async function makeBoxFile(
  file: string,
  folder: string,
  metadata: unknown,
  members: readonly string[],
): Promise<void> {
  const text = typeof metadata === "string" ? metadata : JSON.stringify(metadata);
  if (metadata !== undefined) await writeFile(join(folder, "metadata.json"), text);
  await writeFile(join(folder, "Vagrantfile"), 'Vagrant.configure("2") do |config|\nend\n');
  const names = [...(metadata === undefined ? [] : ["./metadata.json"]), "./Vagrantfile", ...members];
  await run(["tar", "-C", folder, "-S", file.endsWith(".tar") ? "-cf" : "-czf", file, ...names]);
}

/** A disk as qcow2. */
export async function toQcow2(raw: string, file: string): Promise<void> {
  await run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, file]);
}

async function makeFileSystem(path: string, spec: PartitionSpec): Promise<void> {
  await run(["truncate", "--size", `${spec.sizeMiB}M`, path]);
  const { label, uuid, tree } = spec;
  switch (spec.fs) {
    case "ext4":
      await run([
        ...["mkfs.ext4", "-q", ...(label ? ["-L", label] : []), ...(uuid ? ["-U", uuid] : [])],
        ...[...(tree ? ["-d", tree] : []), path],
      ]);
      return;
    case "xfs":
      await run([
        "mkfs.xfs",
        "-q",
        ...(label ? ["-L", label] : []),
        ...(uuid ? ["-m", `uuid=${uuid}`] : []),
        path,
      ]);
      return fill(path, spec);
    case "btrfs":
      await run(["mkfs.btrfs", "-q", ...(label ? ["-L", label] : []), ...(uuid ? ["-U", uuid] : []), path]);
      return fill(path, spec);
    case "vfat":
      await run(["mkfs.vfat", path]);
      return;
    case "swap":
      await run(["mkswap", path]);
      return;
    case "lvm":
      await writeLvmLabel(path);
      return;
    case "luks":
      await run(["cryptsetup", "luksFormat", "-q", "--pbkdf=pbkdf2", "--pbkdf-force-iterations=1000", path], {
        input: "secret",
      });
      return;
    case "none":
  }
}

/** Fills it in a mount namespace of its own. */
async function fill(path: string, { tree, subvolumes = {} }: PartitionSpec): Promise<void> {
  const mount = `${path}.mnt`;
  await mkdir(mount);
  const lines = ['mount -o loop "$1" "$2"', ...(tree ? [`cp -a '${tree}/.' "$2"`] : [])];
  for (const [name, folder] of Object.entries(subvolumes)) {
    lines.push(`btrfs -q subvolume create "$2/${name}" >/dev/null`, `cp -a '${folder}/.' "$2/${name}"`);
  }
  lines.push('umount "$2"');
  await run([
    "unshare",
    "--mount",
    "--propagation",
    "private",
    "sh",
    "-euc",
    lines.join("\n"),
    "-",
    path,
    mount,
  ]);
  await rm(mount, { recursive: true });
}

/** The first sectors of an LVM physical volume: what blkid knows it by. */
async function writeLvmLabel(path: string): Promise<void> {
  const sector = Buffer.alloc(512);
  sector.write("LABELONE", 0);
  sector.writeBigUInt64LE(1n, 8);
  sector.writeUInt32LE(32, 20);
  sector.write("LVM2 001", 24);
  sector.write("AbCdEfGhIjKlMnOpQrStUvWxYz012345", 32);
  sector.writeUInt32LE(crcOfLabel(sector.subarray(20)), 16);
  const file = await open(path, "r+");
  await file.write(sector, 0, 512, 512);
  await file.close();
}

/** LVM's own start value for CRC-32. */
function crcOfLabel(bytes: Buffer): number {
  let crc = 0xf597a6cf;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return crc >>> 0;
}
