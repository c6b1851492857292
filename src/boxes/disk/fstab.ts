import type { Partition } from "./partitions.ts";

/** One line of an /etc/fstab. */
export interface FstabEntry {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** Where a machine gets its own, or what belongs to a disk's own boot. */
const NOT_MERGED = /^\/(?:proc|sys|dev|run|tmp|boot\/efi|efi|\.snapshots)(?:\/|$)/;
const DEVICE = /^\/dev\/(?:[shvx]v?d([a-z])|nvme(\d)n1p|mmcblk(\d)p)(\d*)$/;

/** The lines of an /etc/fstab; what cannot be read as one is left out, as mount does. */
export function parseFstab(text: string): FstabEntry[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(/\s+/).map(unescaped))
    .filter((fields) => fields.length >= 3)
    .map(([source = "", target = "", type = "", options = ""]) => ({
      source,
      target: target.replace(/(?<=.)\/+$/, ""),
      type,
      options: options.split(","),
    }));
}

/** The lines whose file systems are parts of the tree, parents before children. */
export function treeEntries(entries: readonly FstabEntry[]): FstabEntry[] {
  const isPart = ({ source, target, type, options }: FstabEntry) =>
    target.startsWith("/") &&
    target !== "/" &&
    !NOT_MERGED.test(target) &&
    !["swap", "tmpfs", "nfs", "nfs4", "cifs", "overlay", "proc", "vfat", "iso9660"].includes(type) &&
    !options.includes("bind") &&
    !options.includes("noauto") &&
    /^(?:\/dev\/|(?:UUID|LABEL|PARTUUID|PARTLABEL)=)/.test(source);
  return entries
    .filter(isPart)
    .sort(
      (a, b) => a.target.split("/").length - b.target.split("/").length || (a.target < b.target ? -1 : 1),
    );
}

/** The partition that a line of the fstab names, by any of its names. */
export function findSource(source: string, partitions: readonly Partition[]): Partition | undefined {
  const [, tag, quoted = ""] =
    /^(UUID|LABEL|PARTUUID|PARTLABEL)=(.*)$/.exec(source) ?? bySymlink(source) ?? [];
  const value = quoted.replace(/^"(.*)"$/, "$1");
  const lower = value.toLowerCase();
  switch (tag) {
    case "UUID":
      return partitions.find(({ uuid }) => uuid?.toLowerCase() === lower);
    case "LABEL":
      return partitions.find(({ label }) => label === value);
    case "PARTUUID":
      return partitions.find(({ partUuid }) => partUuid === lower);
    case "PARTLABEL":
      return partitions.find(({ partLabel }) => partLabel === value);
    default:
      return byDevice(source, partitions);
  }
}

/** `/dev/disk/by-uuid/X` as `UUID=X`. */
function bySymlink(source: string): string[] | undefined {
  const [, kind = "", value = ""] =
    /^\/dev\/disk\/by-(uuid|label|partuuid|partlabel)\/(.+)$/.exec(source) ?? [];
  return kind ? [source, kind.toUpperCase(), value] : undefined;
}

/** Disks are counted by letter, as they were attached when the box was made. */
function byDevice(source: string, partitions: readonly Partition[]): Partition | undefined {
  const [, letter, nvme, card, number] = DEVICE.exec(source) ?? [];
  if (number === undefined) return undefined;
  const disk = letter ? letter.charCodeAt(0) - "a".charCodeAt(0) : Number(nvme ?? card);
  return partitions.find((part) => part.disk === disk && part.number === Number(number || 0));
}

/** `\040` is a space. */
function unescaped(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
