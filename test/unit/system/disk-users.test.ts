import { spawn } from "node:child_process";
import { once } from "node:events";
import { link, mkdtemp, rm, stat, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isLocked } from "../../../src/system/disk-users.ts";
import { assertDiskFree, loopDevicesOf, run } from "../../../src/system/index.ts";

let folder = "";
let disk = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bothy-disk-"));
  disk = join(folder, "disk.img");
});

afterEach(() => rm(folder, { recursive: true }));

const LOCKS = `1: OFDLCK ADVISORY  READ -1 fe:00:1837 100 101
2: FLOCK  ADVISORY  WRITE 4711 00:1a:22 0 EOF
3: POSIX  ADVISORY  WRITE 12 103:02:99 0 EOF
3: -> POSIX  ADVISORY  WRITE 13 103:02:99 0 EOF
`;

test.each([
  ["254:0", 1837, true],
  ["0:26", 22, true],
  ["259:2", 99, true],
  ["254:1", 1837, false],
  ["254:0", 22, false],
  ["254:0", 837, false],
])("a lock is on a file by device and inode: %s %i", (device, inode, locked) => {
  expect(isLocked(LOCKS, { devices: ["0:1", device], inode })).toBe(locked);
});

test("a disk that is missing, and one that nobody uses", async () => {
  await expect(assertDiskFree(disk)).rejects.toMatchObject({ code: "MACHINE_BROKEN" });
  await writeFile(disk, "");
  await assertDiskFree(disk);
  expect(await loopDevicesOf(disk)).toEqual([]);
});

test("who locks it is named, also when it has it by another name", async () => {
  await writeFile(disk, "");
  const other = join(folder, "other.img");
  await link(disk, other);
  const holder = spawn("flock", ["--no-fork", other, "sh", "-c", "echo held; exec sleep 10"]);
  await once(holder.stdout, "data");
  const message = expect.stringContaining(`sleep (pid ${holder.pid})`);
  await expect(assertDiskFree(disk)).rejects.toMatchObject({ code: "DISK_BUSY", message });
  holder.kill();
  await once(holder, "exit");
  await assertDiskFree(disk);
});

test("a lock whose holder cannot be found is one all the same", async () => {
  await writeFile(disk, "");
  const { open } = await import("node:fs/promises");
  const own = await open(disk, "r+"); // ours: we are never named as the holder
  const locker = spawn("flock", ["3"], { stdio: ["ignore", "ignore", "ignore", own.fd] });
  await once(locker, "exit"); // the lock stays with the open file
  try {
    await expect(assertDiskFree(disk)).rejects.toMatchObject({
      code: "DISK_BUSY",
      message: expect.stringContaining("cannot be seen"),
    });
  } finally {
    await own.close();
  }
});

test("a loop device on it is named, whatever the name it was attached by", async () => {
  await writeFile(disk, "");
  await truncate(disk, 1 << 20);
  const other = join(folder, "other.img");
  await link(disk, other);
  const device = (await run(["losetup", "--find", "--show", other])).stdout.trim();
  try {
    expect(await loopDevicesOf(disk)).toEqual([device]);
    expect(await loopDevicesOf(other)).toEqual([device]);
    const message = expect.stringContaining(device);
    await expect(assertDiskFree(disk)).rejects.toMatchObject({ code: "DISK_BUSY", message });
    await unlink(other); // "(deleted)" behind its name
    expect(await loopDevicesOf(other)).toEqual([device]);
  } finally {
    await run(["losetup", "--detach", device]);
  }
  expect((await stat(disk)).size).toBe(1 << 20);
});
