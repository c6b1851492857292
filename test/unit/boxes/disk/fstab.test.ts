import { expect, test } from "vitest";
import { findSource, parseFstab, treeEntries } from "../../../../src/boxes/disk/fstab.ts";
import type { Partition } from "../../../../src/boxes/disk/partitions.ts";

const FSTAB = `# made by hand
UUID=aa-bb / ext4 errors=remount-ro 0 1
UUID=aa-cc\t/var/lib\text4\tdefaults 0 2
LABEL=my\\040var /var/ ext4 defaults
/dev/sda2 none swap sw 0 0
UUID=AB12-CD34 /boot/efi vfat umask=0077 0 1
tmpfs /tmp tmpfs size=1G
/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0
nas:/home /home nfs defaults
/srv /export none bind
broken
`;

test("only what is a part of the tree is mounted, parents first", () => {
  const entries = treeEntries(parseFstab(FSTAB));
  expect(entries.map(({ source, target }) => [source, target])).toEqual([
    ["LABEL=my var", "/var"],
    ["UUID=aa-cc", "/var/lib"],
  ]);
});

test("a partition is found by every name that it has", () => {
  const part = (disk: number, number: number, more: Partial<Partition>): Partition => ({
    ...{ disk, number, file: "", offsetBytes: 0, sizeBytes: 1, ...more },
  });
  const first = part(0, 1, { uuid: "AAAA-bb", label: "root", partUuid: "1234-01", partLabel: "system" });
  const second = part(1, 3, { uuid: "c" });
  const whole = part(2, 0, {});
  const all = [first, second, whole];
  const names = [
    "UUID=aaaa-BB",
    'LABEL="root"',
    "PARTUUID=1234-01",
    "PARTLABEL=system",
    "/dev/sda1",
    "/dev/vda1",
  ];
  for (const name of [...names, "/dev/disk/by-uuid/aaaa-bb", "/dev/nvme0n1p1"]) {
    expect(findSource(name, all), name).toBe(first);
  }
  expect(findSource("/dev/vdb3", all)).toBe(second);
  expect(findSource("/dev/sdc", all)).toBe(whole);
  expect(
    ["UUID=x", "/dev/mapper/vg-root", "/dev/sda9", "LABEL="].map((name) => findSource(name, all)),
  ).toEqual([...[undefined, undefined, undefined, undefined]]);
});
