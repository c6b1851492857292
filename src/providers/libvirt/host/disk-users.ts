import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { BothyError } from "../../../errors.ts";
import { listQemu, type QemuProcess } from "./processes.ts";

/**
 * Refuses a data disk that is in use: two systems on one ext4 destroy it, and nothing else on the host
 * would stop that.
 * @throws BothyError `DISK_BUSY` naming the loop device or the QEMU.
 */
export async function refuseBusyDisk(disk: string): Promise<void> {
  const path = await realpath(disk);
  const loop = await findLoop(path);
  if (loop) {
    throw busy(disk, `/dev/${loop} has it attached`, [
      "stop the container that runs on it: `bothy halt`",
      `or, when none does: \`umount /dev/${loop}; losetup --detach /dev/${loop}\``,
    ]);
  }
  if (!(await isLockedByQemu(path))) return;
  const holder = (await listQemu()).find((process) => mentions(process, path));
  const who = holder ? `a QEMU with pid ${holder.pid}` : "a QEMU";
  throw busy(disk, `${who} has it open`, [
    holder ? `see what it is: \`ps ${holder.pid}\`` : "see `/proc/locks`",
  ]);
}

async function findLoop(path: string): Promise<string | undefined> {
  const devices = (await readdir("/sys/block").catch(() => [])).filter((name) => name.startsWith("loop"));
  const files = await Promise.all(
    devices.map((name) => readFile(`/sys/block/${name}/loop/backing_file`, "utf8").catch(() => "")),
  );
  return devices[files.findIndex((file) => file.trimEnd() === path)];
}

/** QEMU locks single bytes of an image for as long as it is open (OFD locks, which carry no pid). */
async function isLockedByQemu(path: string): Promise<boolean> {
  const { ino, dev } = await stat(path);
  const major = Math.floor(dev / 256) & 0xfff;
  const minor = (dev & 0xff) | ((dev >>> 12) & 0xfff00);
  const hex = (value: number) => value.toString(16).padStart(2, "0");
  const file = ` ${hex(major)}:${hex(minor)}:${ino} `;
  const locks = await readFile("/proc/locks", "utf8").catch(() => "");
  return locks.split("\n").some((line) => line.includes("OFDLCK") && line.includes(file));
}

function mentions({ argv }: QemuProcess, path: string): boolean {
  return argv.some((word) => word.includes(path));
}

function busy(disk: string, why: string, hints: string[]): BothyError {
  return new BothyError("DISK_BUSY", `the data disk ${disk} is in use: ${why}`, { hints });
}
