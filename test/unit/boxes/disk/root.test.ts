import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mergePartitions } from "../../../../src/boxes/disk/merge.ts";
import { type MountSpace, openMounts } from "../../../../src/boxes/disk/mounts.ts";
import { mapDisk } from "../../../../src/boxes/disk/partitions.ts";
import { findRoot } from "../../../../src/boxes/disk/root.ts";
import { loopDevicesOf } from "../../../../src/system/index.ts";
import { makeDisk, type PartitionSpec, plant, SYSTEM } from "../../../support/disks.ts";
import { type TempHome, tempHome } from "../../../support/temp-home.ts";

async function planted(home: TempHome, name: string, files: Record<string, string>): Promise<string> {
  const folder = await home.sub(name);
  await plant(folder, files);
  return folder;
}

/** Runs `use` with the root of a disk of these partitions, merged; and makes sure that nothing is left of it. */
async function withRoot(
  home: TempHome,
  partitions: readonly PartitionSpec[],
  use: (root: string | undefined, told: { why?: string | undefined; lines: string[] }) => Promise<void>,
): Promise<void> {
  const file = join(home.folder, "disk");
  await makeDisk(file, "gpt", partitions);
  const { partitions: found } = await mapDisk(file, 0, (await stat(file)).size);
  const lines: string[] = [];
  {
    await using space: MountSpace = await openMounts(home.layout);
    const root = await findRoot(space, found, lines);
    const why = root && (await mergePartitions(space, root, found, (line) => lines.push(line)));
    await use(root && space.outside(root.place), { why, lines });
  }
  expect(await loopDevicesOf(file)).toEqual([]);
}

test("the root is found among others, and /boot, /var and a swap file are dealt with as its fstab has them", async () => {
  await using home = await tempHome();
  const boot = "aaaaaaaa-0000-0000-0000-000000000001";
  const fstab = `UUID=${boot} /boot ext4 defaults\nLABEL=var /var ext4 defaults\n/swapfile none swap sw\nUUID=FF /gone ext4 x\n`;
  const root = await planted(home, "root", {
    ...{ ...SYSTEM, "etc/fstab": fstab, "boot/": "", "var/": "", "gone/": "", swapfile: "0".repeat(5000) },
  });
  const disk: PartitionSpec[] = [
    { fs: "vfat", sizeMiB: 4, type: "uefi" },
    { fs: "ext4", sizeMiB: 8, uuid: boot, tree: await planted(home, "boot", { "vmlinuz-6.1": "kernel" }) },
    { fs: "ext4", sizeMiB: 8, tree: root },
    { fs: "ext4", sizeMiB: 8, label: "var", tree: await planted(home, "var", { "lib/state": "here" }) },
    { fs: "swap", sizeMiB: 4 },
  ];
  await withRoot(home, disk, async (path = "", { why, lines }) => {
    expect(why).toBeUndefined();
    expect(lines).toEqual(["left out: UUID=FF for /gone is on no disk of the box"]);
    expect(await readFile(join(path, "boot/vmlinuz-6.1"), "utf8")).toBe("kernel");
    expect(await readFile(join(path, "var/lib/state"), "utf8")).toBe("here");
    expect(await readdir(path)).not.toContain("swapfile");
  });
});

test("a root whose /usr is nowhere to be found is not whole", async () => {
  await using home = await tempHome();
  const fstab = "/dev/mapper/vg-usr /usr ext4 defaults\n";
  const root = await planted(home, "root", { ...SYSTEM, "etc/fstab": fstab });
  await withRoot(home, [{ fs: "ext4", sizeMiB: 8, tree: root }], async (_, { why }) => {
    expect(why).toBe("its fstab wants /dev/mapper/vg-usr for /usr is on no disk of the box");
  });
});

test("xfs is read, and a link in the place of a mount point leads nowhere", async () => {
  await using home = await tempHome();
  const other = "LABEL=data /data ext4 defaults\n";
  const root = await planted(home, "root", { ...SYSTEM, "etc/fstab": other, data: "-> /etc" });
  const disk: PartitionSpec[] = [
    { fs: "xfs", sizeMiB: 300, tree: root },
    { fs: "ext4", sizeMiB: 8, label: "data", tree: await planted(home, "data", { passwd: "evil" }) },
  ];
  await withRoot(home, disk, async (path = "", { lines }) => {
    expect(await readFile(join(path, "etc/passwd"), "utf8")).toBe(SYSTEM["etc/passwd"]);
    expect(lines).toEqual(["left out: LABEL=data for /data has no folder to be mounted on"]);
  });
});

test("a root in a btrfs subvolume is found, with the subvolumes that its fstab mounts", async () => {
  await using home = await tempHome();
  const uuid = "bbbbbbbb-0000-0000-0000-000000000001";
  const fstab = `UUID=${uuid} / btrfs subvol=@ 0 0\nUUID=${uuid} /home btrfs subvol=@home 0 0\n`;
  const root = await planted(home, "root", { ...SYSTEM, "etc/fstab": fstab, "home/": "" });
  const homes = await planted(home, "homes", { "vagrant/file": "mine" });
  const disk: PartitionSpec[] = [
    { fs: "btrfs", sizeMiB: 128, uuid, subvolumes: { "@": root, "@home": homes } },
  ];
  await withRoot(home, disk, async (path = "", { why }) => {
    expect(why).toBeUndefined();
    expect(await readFile(join(path, "home/vagrant/file"), "utf8")).toBe("mine");
    expect(await readFile(join(path, "etc/fstab"), "utf8")).toBe(fstab);
  });
});

test("a disk without a Linux system has no root", async () => {
  await using home = await tempHome();
  await mkdir(join(home.folder, "empty"));
  const disk: PartitionSpec[] = [
    { fs: "ext4", sizeMiB: 8, tree: await planted(home, "data", { "photos/a.jpg": "" }) },
    { fs: "lvm", sizeMiB: 4 },
  ];
  await withRoot(home, disk, async (path) => expect(path).toBeUndefined());
});
