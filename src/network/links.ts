import { readdir, readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { BothyError } from "../errors.ts";
import { readIfExists, run, statIfExists } from "../system/index.ts";

const SYS = "/sys/class/net";
const FLAG_UP = 1;

/** A link of the host as sysfs shows it, read without a process. */
export interface Link {
  readonly name: string;
  /** Another one after the link was made anew. */
  readonly index: number;
  /** Empty when it has none. */
  readonly alias: string;
  readonly up: boolean;
  readonly mtu: number;
  readonly isBridge: boolean;
  /** The bridge it is plugged into. */
  readonly master: string | undefined;
}

/** The link of that name, or `undefined`. */
export async function readLink(name: string): Promise<Link | undefined> {
  const attribute = (file: string) => readFile(`${SYS}/${name}/${file}`, "utf8");
  const parts = [attribute("ifindex"), attribute("ifalias"), attribute("flags"), attribute("mtu")] as const;
  // ENOENT and ENODEV: not there, or deleted while we read
  const read = await Promise.all(parts).catch(() => undefined);
  if (!read) return undefined;
  const [index, alias, flags, mtu] = read;
  return {
    name,
    index: Number(index),
    alias: alias.trim(),
    up: (Number(flags) & FLAG_UP) !== 0,
    mtu: Number(mtu),
    isBridge: (await statIfExists(`${SYS}/${name}/bridge`)) !== undefined,
    master: await readlink(`${SYS}/${name}/master`).then(basename, () => undefined),
  };
}

/** The links whose names begin with `prefix`. */
export async function listLinks(prefix: string): Promise<Link[]> {
  const names = (await readdir(SYS)).filter((name) => name.startsWith(prefix));
  const links = await Promise.all(names.map(readLink));
  return links.filter((link) => link !== undefined);
}

/** How many links are plugged into a bridge. */
export async function countPorts(bridge: string): Promise<number> {
  return readdir(`${SYS}/${bridge}/brif`).then(
    (ports) => ports.length,
    () => 0,
  );
}

/** Deletes links in one go; those that vanish meanwhile are no error. @throws BothyError when one stays. */
export async function deleteLinks(names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const input = names.map((name) => `link del dev ${name}\n`).join("");
  const { stderr } = await run(["ip", "-batch", "-", "-force"], { input, okCodes: [0, 1] });
  const left = (await Promise.all(names.map(readLink))).filter((link) => link !== undefined);
  if (left.length === 0) return;
  throw new BothyError(
    "FAILED",
    `could not delete ${left.map((link) => link.name).join(", ")}: ${stderr.trim()}`,
  );
}

/** A kernel setting below /proc/sys; `undefined` where this kernel has none of that name. */
export async function readSetting(path: string): Promise<string | undefined> {
  return (await readIfExists(`/proc/sys/${path}`))?.trim();
}
