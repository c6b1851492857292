import { stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mapDisk } from "../../../../src/boxes/disk/partitions.ts";
import { run } from "../../../../src/system/index.ts";
import { makeDisk, type PartitionSpec } from "../../../support/disks.ts";
import { tempHome } from "../../../support/temp-home.ts";

const map = async (file: string) => mapDisk(file, 0, (await stat(file)).size);
const ext = (more: Partial<PartitionSpec> = {}): PartitionSpec => ({ fs: "ext4", sizeMiB: 4, ...more });

test("an MBR's partitions are found, logical ones too, with what they hold and how they are called", async () => {
  await using home = await tempHome();
  const file = join(home.folder, "disk");
  const uuid = "11111111-2222-3333-4444-555555555555";
  await makeDisk(file, "dos", [
    ext({ uuid, label: "my root", bootable: true }),
    { fs: "swap", sizeMiB: 4 },
    { fs: "lvm", sizeMiB: 4 },
    ext({ label: "logical" }),
    { fs: "none", sizeMiB: 4 },
  ]);
  const { partitions, firmware } = await map(file);
  expect(firmware).toBe("bios");
  expect(partitions.map(({ number, type, label }) => [number, type, label])).toEqual([
    [1, "ext4", "my root"],
    [2, "swap", undefined],
    [3, "LVM2_member", undefined],
    [5, "ext4", "logical"],
    [6, undefined, undefined],
  ]);
  expect(partitions[0]).toMatchObject({ offsetBytes: 1 << 20, sizeBytes: 4 << 20, uuid });
  expect(partitions[0]?.partUuid).toMatch(/^[0-9a-f]{8}-01$/);
});

test("a GPT's partitions have names and ids of their own; it boots with EFI where only that can be", async () => {
  await using home = await tempHome();
  const esp: PartitionSpec = { fs: "vfat", sizeMiB: 4, type: "uefi" };
  const file = join(home.folder, "efi");
  await makeDisk(file, "gpt", [esp, ext()]);
  const efi = await map(file);
  expect([efi.firmware, efi.partitions.map(({ type }) => type)]).toEqual(["efi", ["vfat", "ext4"]]);
  expect(efi.partitions[1]?.partUuid).toMatch(/^[0-9a-f-]{36}$/);
  const both = join(home.folder, "both");
  const boot: PartitionSpec = { fs: "none", sizeMiB: 1, type: "21686148-6449-6E6F-744E-656564454649" };
  await makeDisk(both, "gpt", [boot, esp, ext()]);
  expect((await map(both)).firmware).toBe("bios");
});

test("a disk without a table is one partition", async () => {
  await using home = await tempHome();
  const file = join(home.folder, "disk");
  await makeDisk(file, "none", [ext({ label: "all" })]);
  expect((await map(file)).partitions).toMatchObject([
    { number: 0, type: "ext4", label: "all", offsetBytes: 0 },
  ]);
  const empty = join(home.folder, "empty");
  await run(["truncate", "--size", "2M", empty]);
  expect((await map(empty)).partitions).toMatchObject([{ number: 0, sizeBytes: 2 << 20 }]);
});

test("a disk that ends before its partitions is cut short", async () => {
  await using home = await tempHome();
  const file = join(home.folder, "disk");
  await makeDisk(file, "dos", [ext(), ext()]);
  await run(["truncate", "--size", "6M", file]);
  await expect(map(file)).rejects.toMatchObject({
    code: "BOX_INVALID",
    message: expect.stringContaining("cut short"),
  });
});
