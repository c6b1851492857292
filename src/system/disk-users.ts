import { open, readdir, readFile, realpath, stat } from "node:fs/promises";
import { BothyError, hasErrno } from "../errors.ts";

/** A file as the kernel knows it. On some file systems (btrfs, overlay) `stat` names another device than /proc/locks. */
interface FileIdentity {
  readonly devices: readonly string[];
  readonly inode: number;
}

/**
 * Makes sure that nobody uses a disk's file: two systems on one ext4 destroy it, and nothing else on the host
 * would stop that.
 * @throws BothyError `DISK_BUSY` naming the user; `MACHINE_BROKEN` when there is no such file.
 */
export async function assertDiskFree(disk: string): Promise<void> {
  const identity = await identify(disk);
  const [device] = await loopDevicesOf(disk);
  if (device) {
    throw busy(disk, `${device} has it attached`, [
      "stop the container that runs on it: `bothy halt`",
      `or, when none does: \`umount ${device}; losetup --detach ${device}\``,
    ]);
  }
  if (!isLocked(await readFile("/proc/locks", "utf8"), identity)) return;
  const holder = await holderOf(disk);
  if (!holder) throw busy(disk, "a process that cannot be seen from here has locked it", ["cat /proc/locks"]);
  throw busy(disk, `${holder.name} (pid ${holder.pid}) has locked it`, [
    `see what it is: \`ps ${holder.pid}\``,
    `if that is no machine you need: \`kill ${holder.pid}\``,
  ]);
}

/** The loop devices that stand on a file, as `/dev/loopN`, also when it was attached by another of its names. */
export async function loopDevicesOf(file: string): Promise<string[]> {
  const path = await realpath(file).catch(() => file);
  const wanted = await stat(path).catch(() => undefined);
  const names = (await readdir("/sys/block")).filter((name) => name.startsWith("loop"));
  const standing = await Promise.all(
    names.map(async (name) => {
      // one that is just being detached fails in other ways than not being there
      const text = await readFile(`/sys/block/${name}/loop/backing_file`, "utf8").catch(() => "");
      const backing = text.replace(/\n$/, "").replace(/ \(deleted\)$/, "");
      if (backing === path) return true;
      const other = wanted && backing ? await stat(backing).catch(() => undefined) : undefined;
      return other !== undefined && other.dev === wanted?.dev && other.ino === wanted.ino;
    }),
  );
  return names.filter((_, index) => standing[index]).map((name) => `/dev/${name}`);
}

/** Whether the text of /proc/locks has a lock on the file, of any kind; QEMU's are OFD locks, which carry no pid. */
export function isLocked(locks: string, { devices, inode }: FileIdentity): boolean {
  const held = [...locks.matchAll(/ ([0-9a-f]+):([0-9a-f]+):(\d+) /g)];
  return held.some(
    ([, major = "", minor = "", ino]) =>
      Number(ino) === inode &&
      devices.includes(`${Number.parseInt(major, 16)}:${Number.parseInt(minor, 16)}`),
  );
}

async function identify(disk: string): Promise<FileIdentity> {
  const file = await open(disk, "r").catch((error: unknown) => {
    if (!hasErrno(error, "ENOENT", "ENOTDIR")) throw error;
    throw new BothyError("MACHINE_BROKEN", `the data disk ${disk} is missing`, { cause: error });
  });
  try {
    const { dev, ino } = await file.stat();
    const major = Math.floor(dev / 256) & 0xfff;
    const minor = (dev & 0xff) | ((dev >>> 12) & 0xfff00);
    return { devices: [`${major}:${minor}`, await mountedDevice(file.fd)], inode: ino };
  } finally {
    await file.close();
  }
}

/** `MAJOR:MINOR` of the file system that an open file is on, as its mount has it. */
async function mountedDevice(fd: number): Promise<string> {
  const id = /^mnt_id:\s*(\d+)/m.exec(await readFile(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1];
  const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n").map((line) => line.split(" "));
  return mounts.find(([mount]) => mount === id)?.[2] ?? "";
}

/** Somebody else who has the file open. */
async function holderOf(disk: string): Promise<{ pid: number; name: string } | undefined> {
  const wanted = await stat(disk);
  const isIt = (path: string) =>
    stat(path).then(
      ({ dev, ino }) => dev === wanted.dev && ino === wanted.ino,
      () => false,
    );
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid) continue;
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const hits = await Promise.all(files.map((fd) => isIt(`/proc/${pid}/fd/${fd}`)));
    if (!hits.includes(true)) continue;
    const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "a process");
    return { pid: Number(pid), name: name.trim() };
  }
  return undefined;
}

function busy(disk: string, why: string, hints: string[]): BothyError {
  return new BothyError("DISK_BUSY", `the data disk ${disk} is in use: ${why}`, { hints });
}
