import { CommandError } from "../../system/index.ts";
import { type Tree, treeAt } from "./inside.ts";
import type { MountSpace } from "./mounts.ts";
import { describePartition, type Partition } from "./partitions.ts";

/** A file system that is mounted in the space, and the folder in it that is a root. */
export interface MountedRoot {
  readonly partition: Partition;
  /** Path in the space. */
  readonly place: string;
}

/** File systems that are read; ext2 and ext3 are mounted by the same driver as ext4. */
const READABLE = ["ext2", "ext3", "ext4", "xfs", "btrfs"];
/** Options of each: a journal is replayed on our own copy of the disk, and nothing in it says what the host does. */
const OPTIONS: Readonly<Record<string, string>> = { xfs: ",nouuid" };
const EXT = ",errors=remount-ro,noinit_itable";
/** Where distributions keep the root in a btrfs without a default subvolume: Ubuntu, Debian, Fedora, SUSE. */
const SUBVOLUMES = ["@", "@rootfs", "root", "@/.snapshots/1/snapshot"];

export function isReadable({ type }: Partition): boolean {
  return type !== undefined && READABLE.includes(type);
}

/**
 * Mounts a partition of a scratch copy in the space. Written to only where the file system itself does: it replays
 * its journal. Where it cannot be mounted for writing, read-only.
 * @throws CommandError when the kernel refuses it both ways.
 */
export async function mountPartition(
  space: MountSpace,
  partition: Partition,
  place: string,
  subvolume?: string,
): Promise<void> {
  const { type = "", offsetBytes, sizeBytes, file } = partition;
  const loop = `loop,offset=${offsetBytes},sizelimit=${sizeBytes},nosuid,nodev,noexec,noatime`;
  const own = type.startsWith("ext") ? EXT : (OPTIONS[type] ?? "");
  const options = `${loop}${own}${subvolume ? `,${subvolume}` : ""}`;
  const kernelType = type.startsWith("ext") ? "ext4" : type;
  await space
    .mount("-t", kernelType, "-o", `rw,${options}`, file, place)
    .catch(() => space.mount("-t", kernelType, "-o", `ro,${options}`, file, place));
}

/**
 * The partition that holds the root of a Linux system, mounted. Of several the one that looks most like one:
 * it says which system it is, and can start one.
 * @returns undefined when none does, with what was wrong with each in `refused`.
 */
export async function findRoot(
  space: MountSpace,
  partitions: readonly Partition[],
  refused: string[],
): Promise<MountedRoot | undefined> {
  let best: { root: MountedRoot; score: number } | undefined;
  for (const [index, partition] of partitions.filter(isReadable).entries()) {
    const place = await space.place(`part${index}`);
    try {
      await mountPartition(space, partition, place);
    } catch (error) {
      refused.push(`${describePartition(partition)} cannot be mounted: ${whyNot(error)}`);
      continue;
    }
    for (const folder of partition.type === "btrfs" ? ["", ...SUBVOLUMES] : [""]) {
      const root = { partition, place: folder ? `${place}/${folder}` : place };
      const score = await rootScore(treeAt(space.outside(root.place)));
      if (score > (best?.score ?? 0)) best = { root, score };
    }
  }
  return best?.root;
}

/** What mount(8) said, without the paths of our own. */
export function whyNot(error: unknown): string {
  if (!(error instanceof CommandError)) throw error;
  const [line = ""] = error.result.stderr.trim().split("\n");
  return line.replace(/^mount: \S+: /, "") || `mount failed with ${error.result.exitCode}`;
}

/** 0 for what is no root; /usr may be on another partition. */
async function rootScore(tree: Tree): Promise<number> {
  const is = async (path: string) => Boolean(await tree.stat(path));
  if (!((await tree.statHere("/etc"))?.isDirectory() && (await tree.statHere("/usr"))?.isDirectory()))
    return 0;
  if (!(await is("/etc/passwd"))) return 0;
  const named = (await is("/etc/os-release")) || (await is("/usr/lib/os-release"));
  const starts = (await is("/sbin/init")) || (await is("/usr/lib/systemd/systemd"));
  return 1 + (named ? 2 : 0) + (starts ? 2 : 0) + ((await is("/etc/fstab")) ? 1 : 0);
}
