import { readdir, readFile, readlink, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { BothyError, hasErrno } from "../../../errors.ts";
import { readIfExists } from "../../../system/index.ts";

/**
 * Makes sure that nothing has the data disk open: nothing in the kernel would refuse a second use.
 * @throws BothyError `DISK_BUSY` naming the holder; `MACHINE_BROKEN` when there is no such file.
 */
export async function assertDiskFree(disk: string): Promise<void> {
  const file = await stat(disk).catch((error: unknown) => {
    if (!hasErrno(error, "ENOENT", "ENOTDIR")) throw error;
    throw new BothyError("MACHINE_BROKEN", `the data disk ${disk} is missing`, { cause: error });
  });
  const [device] = await loopDevicesOf(disk);
  if (device) throw busy(disk, device, `losetup --detach ${device}`);
  const locks = await readFile("/proc/locks", "utf8");
  if (!lockedInodes(locks).has(file.ino)) return;
  const holder = await holderOf(await realpath(disk));
  if (holder) throw busy(disk, `${holder.name} (pid ${holder.pid})`, `kill ${holder.pid}`);
}

/** The loop devices that stand on a file, as `/dev/loopN`. */
export async function loopDevicesOf(file: string): Promise<string[]> {
  const path = await realpath(file).catch(() => file);
  const names = (await readdir("/sys/block")).filter((name) => name.startsWith("loop"));
  const backing = await Promise.all(
    // one that is just being detached fails in other ways than not being there
    names.map((name) =>
      readFile(join("/sys/block", name, "loop/backing_file"), "utf8").catch(() => undefined),
    ),
  );
  return names.filter((_, index) => backing[index]?.trimEnd() === path).map((name) => `/dev/${name}`);
}

/** Inodes in the text of /proc/locks that somebody holds a lock on; QEMU locks its disks so. */
export function lockedInodes(locks: string): Set<number> {
  const inodes = [...locks.matchAll(/ [0-9a-f]+:[0-9a-f]+:(\d+) /g)].map((match) => Number(match[1]));
  return new Set(inodes);
}

async function holderOf(path: string): Promise<{ pid: number; name: string } | undefined> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  for (const pid of pids.filter((name) => Number(name) !== process.pid)) {
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const targets = await Promise.all(files.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")));
    if (!targets.includes(path)) continue;
    const name = (await readIfExists(`/proc/${pid}/comm`).catch(() => undefined))?.trim() ?? "a process";
    return { pid: Number(pid), name };
  }
  return undefined;
}

function busy(disk: string, holder: string, command: string): BothyError {
  return new BothyError("DISK_BUSY", `the data disk ${disk} is in use by ${holder}`, {
    hints: [`if that is no machine you need: \`${command}\``],
  });
}
