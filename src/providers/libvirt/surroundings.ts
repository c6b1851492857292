import { isExecutable, type Layout, missingTool } from "../../system/index.ts";
import type { DaemonPaths } from "./daemon/index.ts";

/** What every part of the provider knows of its surroundings. */
export interface Surroundings {
  readonly layout: Layout;
  /** The daemon to use; default `$BOTHY_LIBVIRT_URI`, else `qemu:///system`. */
  readonly uri?: string | undefined;
  /** Where a local daemon's sockets are. */
  readonly paths?: DaemonPaths | undefined;
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

/** The absolute path of QEMU. @throws BothyError `TOOL_MISSING`. */
export async function requireEmulator(): Promise<string> {
  const path = await findEmulator();
  if (!path) throw missingTool(EMULATOR);
  return path;
}
