import { readdir, readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { hasErrno } from "../../../errors.ts";

/** How this host has its cgroups mounted. */
export interface CgroupLayout {
  readonly kind: "v1" | "hybrid" | "v2";
  /** Mount points of all hierarchies: a machine has a cgroup in each. */
  readonly hierarchies: readonly string[];
  /** Mount point of systemd's own hierarchy (`name=systemd`) on v1 and hybrid. */
  readonly named?: string;
  /** Mount point of the v2 hierarchy on hybrid: it has no controllers, and systemd follows its services there. */
  readonly unified?: string;
  /** v2: whether the kernel keeps a namespace's limits out of its own reach. */
  readonly delegated?: boolean;
}

interface MountLine {
  readonly path: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** Reads the layout from the text of /proc/self/mountinfo; `undefined` when no cgroups are mounted. */
export function parseCgroupLayout(mountinfo: string): CgroupLayout | undefined {
  const lines = mountinfo.split("\n").map(parseLine);
  const found = lines.filter((line) => line !== undefined);
  const mounts = found.filter((line) => line.path.startsWith("/sys/fs/cgroup"));
  const legacy = mounts.filter((line) => line.type === "cgroup");
  const unified = mounts.filter((line) => line.type === "cgroup2");
  if (legacy.length === 0) return unified[0] && v2(unified[0]);
  const named = legacy.find((line) => line.options.includes("name=systemd"))?.path;
  return {
    kind: unified.length > 0 ? "hybrid" : "v1",
    hierarchies: [...new Set([...legacy, ...unified].map((line) => line.path))],
    ...(named ? { named } : {}),
    ...(unified[0] ? { unified: unified[0].path } : {}),
  };
}

/** The machine's cgroup in every hierarchy, as folders; some may not exist. */
export function cgroupFolders(layout: CgroupLayout, cgroup: string): string[] {
  return layout.hierarchies.map((mountPoint) => join(mountPoint, cgroup));
}

/** The processes in these cgroups and in those below them. */
export async function cgroupMembers(folders: readonly string[]): Promise<Set<number>> {
  const members = new Set<number>();
  for (const folder of folders) {
    const text = await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "");
    for (const pid of text.split("\n")) if (pid) members.add(Number(pid));
    for (const pid of await cgroupMembers(await subfolders(folder))) members.add(pid);
  }
  return members;
}

/** Removes cgroups with those below them; returns whether all are gone. One that has processes stays. */
export async function removeCgroups(folders: readonly string[]): Promise<boolean> {
  let gone = true;
  for (const folder of folders) {
    const below = await removeCgroups(await subfolders(folder));
    gone = (await rmdirIfEmpty(folder)) && below && gone;
  }
  return gone;
}

/** Removes a folder; true when it is gone, false when something is in it. */
export async function rmdirIfEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return true;
    if (hasErrno(error, "EBUSY", "ENOTEMPTY")) return false;
    throw error;
  }
}

function v2(mount: MountLine): CgroupLayout {
  return { kind: "v2", hierarchies: [mount.path], delegated: mount.options.includes("nsdelegate") };
}

function parseLine(line: string): MountLine | undefined {
  const [before, after] = line.split(" - ");
  const path = before?.split(" ")[4];
  const [type, , options] = after?.split(" ") ?? [];
  if (path === undefined || type === undefined || options === undefined) return undefined;
  return { path, type, options: options.split(",") };
}

async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
}
