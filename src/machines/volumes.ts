import { posix } from "node:path";
import type { MachineRecord } from "./record.ts";

/** The volumes of an image, and those of them that no machine can have. */
export interface ImageVolumes {
  readonly volumes: readonly string[];
  /** A line each: the path and why not. */
  readonly ignored: readonly string[];
}

/** Nothing at or below these can be a volume: they are no part of the disk. */
const CLOSED = ["/proc", "/sys", "/dev", "/run", "/var/run", "/var/lock", "/.bothy"];
/** The machine starts from what is in these. */
const WHOLE = ["/", "/bin", "/sbin", "/lib", "/lib64", "/usr", "/usr/bin", "/usr/sbin", "/usr/lib", "/etc"];
/** A volume's folder on the data disk is named by its path, and a file's name may have 255 bytes. */
const LONGEST_PATH = 80;

/** Which of the directories that an image calls volumes can be some; the others stay on the overlay, and so are kept too. */
export function imageVolumes(paths: readonly string[] = []): ImageVolumes {
  const normal = [...new Set(paths.map(normalPath))];
  const faults = new Map(normal.map((path) => [path, faultOf(path)]));
  return {
    volumes: normal.filter((path) => faults.get(path) === undefined),
    ignored: normal.flatMap((path) =>
      faults.get(path) ? [`${JSON.stringify(path)} ${faults.get(path)}`] : [],
    ),
  };
}

/** All volumes of a machine, its image's too: none twice and none inside another, which holds it as well. */
export function volumesOf({ volumes, box }: Pick<MachineRecord, "volumes" | "box">): string[] {
  const all = [...new Set([...volumes, ...(box.volumes ?? [])])];
  return all.filter((path) => !all.some((other) => path.startsWith(`${other}/`)));
}

function faultOf(path: string): string | undefined {
  if (!path.startsWith("/")) return "is no absolute path";
  if (/[\s\p{Cc}]/u.test(path)) return "has white space in it";
  if (path.length > LONGEST_PATH) return "is too long";
  if (WHOLE.includes(path)) return "is what the machine starts from";
  if (CLOSED.some((folder) => path === folder || path.startsWith(`${folder}/`)))
    return "belongs to the system";
  return undefined;
}

function normalPath(path: string): string {
  const normal = posix.normalize(path).replace(/^\/\//, "/");
  return normal.length > 1 ? normal.replace(/\/$/, "") : normal;
}
