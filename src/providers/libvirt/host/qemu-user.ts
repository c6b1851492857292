import { stat } from "node:fs/promises";
import { readIfExists } from "../../../system/index.ts";

/** Whom libvirt runs QEMU as: what the host's files must let in. */
export interface QemuUser {
  /** For messages. */
  readonly name: string;
  readonly uid: number;
  /** The group that libvirt gives it. */
  readonly gid: number;
  /** That one and all others that it is in. */
  readonly gids: readonly number[];
}

/** Where the facts about the user are; tests point elsewhere. */
export interface QemuUserPaths {
  readonly config: string;
  readonly passwd: string;
  readonly group: string;
  /** libvirt's own folder, which belongs to that user. */
  readonly library: string;
}

const PATHS: QemuUserPaths = {
  config: "/etc/libvirt/qemu.conf",
  passwd: "/etc/passwd",
  group: "/etc/group",
  library: "/var/lib/libvirt/qemu",
};

/**
 * QEMU's user: what qemu.conf says, else the owner of libvirt's folder, which is the user that libvirt was
 * built for. `undefined` where libvirt is not set up.
 */
export async function readQemuUser(paths: QemuUserPaths = PATHS): Promise<QemuUser | undefined> {
  const [config, passwd, group, owner] = await Promise.all([
    readIfExists(paths.config),
    readIfExists(paths.passwd),
    readIfExists(paths.group),
    stat(paths.library).catch(() => undefined),
  ]);
  const setting = readSetting(config ?? "", "user");
  const account = findAccount(passwd ?? "", setting ?? owner?.uid.toString());
  if (!account) return undefined;
  const gid = findGroup(group ?? "", readSetting(config ?? "", "group")) ?? owner?.gid ?? account.gid;
  const gids = [...new Set([gid, account.gid, ...groupsOf(group ?? "", account.name)])];
  return { name: account.name, uid: account.uid, gid, gids };
}

function readSetting(config: string, name: string): string | undefined {
  return new RegExp(`^\\s*${name}\\s*=\\s*"([^"]*)"`, "m").exec(config)?.[1];
}

/** By name or by number; `+0` is always a number. */
function findAccount(passwd: string, wanted: string | undefined) {
  if (!wanted) return undefined;
  const rows = passwd.split("\n").map((line) => line.split(":"));
  const number = /^\+?(\d+)$/.exec(wanted)?.[1];
  const row = rows.find(([name]) => name === wanted) ?? rows.find(([, , uid]) => number && uid === number);
  if (row?.[0] === undefined) return undefined;
  return { name: row[0], uid: Number(row[2]), gid: Number(row[3]) };
}

function findGroup(groups: string, wanted: string | undefined): number | undefined {
  if (wanted === undefined) return undefined;
  const number = /^\+?(\d+)$/.exec(wanted)?.[1];
  if (number !== undefined) return Number(number);
  const row = groups.split("\n").find((line) => line.startsWith(`${wanted}:`));
  return row === undefined ? undefined : Number(row.split(":")[2]);
}

function groupsOf(groups: string, user: string): number[] {
  const rows = groups.split("\n").map((line) => line.split(":"));
  return rows.filter((row) => row[3]?.split(",").includes(user)).map((row) => Number(row[2]));
}
