import { posix } from "node:path";
import type { Draft } from "../normalise.ts";
import type { Complaint } from "../problems.ts";
import { eachMachine } from "./rule.ts";

/** Nothing at or below these can be a volume: they are no part of the disk, or the machine starts from them. */
const CLOSED = [
  "/proc",
  "/sys",
  "/dev",
  "/run",
  "/var/run",
  "/var/lock",
  "/.bothy",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/usr/lib/modules",
];
/** These cannot be volumes themselves, while folders in them can. */
const WHOLE = ["/", "/usr", "/usr/bin", "/usr/sbin", "/usr/lib", "/etc"];

/** Volumes are plain absolute paths outside the system's own folders, none inside another. */
export const usableVolumes = eachMachine(function* check(machine) {
  const seen: string[] = [];
  for (const [index, volume] of (machine.settings.volumes ?? []).entries()) {
    const fault = faultOf(volume, seen);
    if (fault) yield complaint(machine, index, `${JSON.stringify(volume)} ${fault}`);
    seen.push(volume);
  }
});

function complaint(machine: Draft, index: number, message: string): Complaint {
  return { path: machine.at("volumes", index), message };
}

function faultOf(volume: string, others: readonly string[]): string | undefined {
  if (!volume.startsWith("/")) return "is no absolute path";
  if (/[\s\p{Cc}]/u.test(volume)) return "has white space in it";
  const normal = normalPath(volume);
  if (normal !== volume) return `is not in its shortest form, "${normal}"`;
  if (WHOLE.includes(volume)) return "cannot be a volume: the machine starts from it";
  if (CLOSED.some((folder) => isIn(volume, folder))) return "cannot be a volume: it belongs to the system";
  if (others.includes(volume)) return "is there already";
  const around = others.find((other) => isIn(volume, other) || isIn(other, volume));
  return around ? `overlaps with the volume "${around}"` : undefined;
}

function normalPath(path: string): string {
  const normal = posix.normalize(path).replace(/^\/\//, "/");
  return normal.length > 1 ? normal.replace(/\/$/, "") : normal;
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
