import { chmod, chown, open, stat } from "node:fs/promises";
import { BothyError } from "../../../errors.ts";
import { readIfExists, run } from "../../../system/index.ts";
import { mayAccess, READ, WRITE } from "./access.ts";
import type { QemuUser } from "./qemu-user.ts";

/** Of a device file, what decides who may open it. */
export interface DeviceMode {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** The device and who must be able to open it; tests point elsewhere. */
export const KVM_DEVICE = "/dev/kvm";
const KVM_GROUP = "kvm";
const KVM_MODE = 0o660;

/** The device's owner and mode, or `undefined` when the host has none. */
export async function readKvmMode(device = KVM_DEVICE): Promise<DeviceMode | undefined> {
  return stat(device).catch(() => undefined);
}

/**
 * What is wrong with /dev/kvm, in words; `undefined` when nothing is, also when there is none.
 * Root can open it in any mode and QEMU's user cannot: libvirt then takes each of its findings about QEMU
 * for outdated, asks QEMU again at every call, and a start takes 40 s instead of 0.4.
 */
export function kvmModeProblem(
  device: DeviceMode | undefined,
  user: QemuUser | undefined,
): string | undefined {
  if (!device || !user || mayAccess(device, user, READ | WRITE)) return undefined;
  const mode = (device.mode & 0o7777).toString(8).padStart(4, "0");
  return `${KVM_DEVICE} has mode ${mode} and owner ${device.uid}:${device.gid}, which keeps out \`${user.name}\`, libvirt's user for QEMU`;
}

/** The error for `kvmModeProblem`. */
export function kvmModeError(problem: string): BothyError {
  return new BothyError("KVM_MODE", `${problem}: every call of libvirt would take 40 s`, {
    hints: ["bothy doctor --fix", `chgrp ${KVM_GROUP} ${KVM_DEVICE} && chmod 0660 ${KVM_DEVICE}`],
  });
}

/** Gives /dev/kvm the group and mode that every distribution's udev rule gives it. Idempotent. */
export async function fixKvmMode(device = KVM_DEVICE): Promise<void> {
  let gid = await kvmGroup();
  if (gid === undefined) {
    await run(["groupadd", "--system", KVM_GROUP]);
    gid = await kvmGroup();
  }
  if (gid === undefined) throw new BothyError("FAILED", `the group \`${KVM_GROUP}\` could not be made`);
  await chown(device, 0, gid);
  await chmod(device, KVM_MODE);
}

/** Whether we can open the device at all; a device node can be there with nothing behind it. */
export async function canOpenKvm(device = KVM_DEVICE): Promise<boolean> {
  const handle = await open(device, "r+").catch(() => undefined);
  await handle?.close();
  return handle !== undefined;
}

async function kvmGroup(): Promise<number | undefined> {
  const line = (await readIfExists("/etc/group"))?.split("\n").find((row) => row.startsWith(`${KVM_GROUP}:`));
  return line === undefined ? undefined : Number(line.split(":")[2]);
}
