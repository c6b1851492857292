import { BothyError } from "../../errors.ts";
import { isExecutable, type Layout, missingTool } from "../../system/index.ts";
import type { DaemonPaths } from "./daemon/index.ts";
import { type QemuUser, readQemuUser } from "./host/index.ts";

/** What every part of the provider knows of its surroundings. */
export interface Surroundings {
  readonly layout: Layout;
  /** The daemon to use; default `$BOTHY_LIBVIRT_URI`, else `qemu:///system`. */
  readonly uri?: string | undefined;
  /** Where a local daemon's sockets are. */
  readonly paths?: DaemonPaths | undefined;
  /** Whom that daemon runs QEMU as; default: what the host's libvirt is set up for. */
  readonly qemuUser?: QemuUser | undefined;
}

/** The only architecture there are kernels and boxes for. */
const EMULATOR = "qemu-system-x86_64";
const FOLDERS = ["/usr/bin", "/usr/local/bin", "/usr/libexec"];

/** The absolute path of QEMU, or `undefined` when it is not installed. */
export async function findEmulator(): Promise<string | undefined> {
  for (const folder of FOLDERS) {
    if (await isExecutable(`${folder}/${EMULATOR}`)) return `${folder}/${EMULATOR}`;
  }
  return undefined;
}

/** Whom the daemon runs QEMU as, or `undefined` where no daemon ever ran. */
export async function findQemuUser({ qemuUser }: Surroundings): Promise<QemuUser | undefined> {
  return qemuUser ?? readQemuUser();
}

/** Whom the daemon runs QEMU as. */
export async function requireQemuUser(around: Surroundings): Promise<QemuUser> {
  const user = await findQemuUser(around);
  if (user) return user;
  throw new BothyError("DAEMON_FAILED", "cannot tell which user libvirt runs QEMU as", {
    hints: ['name it in /etc/libvirt/qemu.conf: `user = "libvirt-qemu"`, and restart the daemon'],
  });
}

/** The absolute path of QEMU. @throws BothyError `TOOL_MISSING`. */
export async function requireEmulator(): Promise<string> {
  const path = await findEmulator();
  if (!path) throw missingTool(EMULATOR);
  return path;
}
