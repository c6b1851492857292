import { join } from "node:path";
import { BothyError } from "../../errors.ts";
import type { Layout } from "../../system/index.ts";
import type { BuildContext } from "../artefact.ts";
import type { BoxContent } from "../box.ts";
import {
  adopt,
  type DiskFormat,
  inspectDisk,
  isQcow2,
  keepWhole,
  readDisks,
  readHead,
} from "../disk/index.ts";
import { parseMetadata, unpackBox } from "../vagrant/index.ts";
import type { FileKind } from "./kind.ts";
import { contentOfTarball } from "./tarball.ts";
import { unpackDisk } from "./unpack-disk.ts";

/** A file that is to become a box. */
export interface ContentRequest extends BuildContext {
  readonly path: string;
  readonly title: string;
  readonly kind: FileKind;
  /** A folder of the caller's, on the store's file system. */
  readonly scratch: string;
}

/** Who logs in where the box has an opinion, and where it has none. */
const VAGRANT = "vagrant";
const DEFAULT = "bothy";

/**
 * What a box made of a file is: the tree of its system as layers, or its disk where there is no tree to be had.
 * @throws BothyError `BOX_INVALID`, `ARCHIVE_REFUSED`, `DISK_FULL`, `INTERRUPTED`, `TOOL_MISSING`, `NOT_ROOT`.
 */
export async function contentOf(layout: Layout, request: ContentRequest): Promise<BoxContent> {
  const { path, title, kind, scratch, signal, report } = request;
  switch (kind) {
    case "box":
      return fromBox(layout, request);
    case "tarball":
      return contentOfTarball(layout, path, { ...request, user: DEFAULT });
    case "qcow2":
    case "raw":
      return fromDisks(layout, [{ path, format: kind }], DEFAULT, request);
    case "packed-disk": {
      const disk = join(scratch, "unpacked");
      report?.("unpacking the disk");
      await unpackDisk(path, title, disk, signal);
      return fromDisks(layout, [{ path: disk, format: await formatOf(disk) }], DEFAULT, request);
    }
    default:
      throw new BothyError("BOX_INVALID", `\`${request.title}\` is no box: it is a ${kind}`);
  }
}

async function fromBox(layout: Layout, request: ContentRequest): Promise<BoxContent> {
  const { path, title, scratch, signal, report } = request;
  report?.("unpacking the box");
  const { metadata, files } = await unpackBox(path, title, join(scratch, "members"), signal);
  if (metadata === undefined) {
    throw new BothyError("BOX_INVALID", `\`${title}\` is no box: it has no metadata.json`, {
      hints: ["for a disk or a root file system alone, give that file instead of an archive of it"],
    });
  }
  const box = parseMetadata(metadata, title);
  if (box.provider === "lxc") {
    return contentOfTarball(
      layout,
      required(files, ["rootfs.tar.gz", "rootfs.tar.xz", "rootfs.tar"], title),
      { ...request, user: VAGRANT },
    );
  }
  const disks = box.disks.map((disk) => ({ path: required(files, [disk], title), format: "qcow2" as const }));
  return fromDisks(layout, disks, VAGRANT, request);
}

function required(files: ReadonlyMap<string, string>, names: readonly string[], title: string): string {
  const found = names.map((name) => files.get(name)).find((path) => path !== undefined);
  if (found !== undefined) return found;
  throw new BothyError("BOX_INVALID", `\`${title}\` is no box: it has no \`${names[0]}\``);
}

async function fromDisks(
  layout: Layout,
  files: readonly { path: string; format: DiskFormat }[],
  user: string,
  request: ContentRequest,
): Promise<BoxContent> {
  const { title, scratch, signal, report } = request;
  const disks = [];
  for (const { path, format } of files) disks.push(await inspectDisk(path, format, title, signal));
  const content = await readDisks(layout, { disks, title, scratch: join(scratch, "disks"), signal, report });
  if ("layer" in content) {
    return adopt(layout, content.layer, { user, scratch: join(scratch, "adopt"), signal, report });
  }
  if (disks.length > 1) {
    throw new BothyError("BOX_INVALID", `\`${title}\` has ${disks.length} disks, and ${content.reason}`, {
      hints: ["a box that boots from its own disk can have only one"],
    });
  }
  const disk = await keepWhole(layout, { disks, title, scratch, signal, report }, content);
  return { layers: [], disk, user, environment: {}, labels: {} };
}

async function formatOf(path: string): Promise<DiskFormat> {
  return isQcow2(await readHead(path, 512)) ? "qcow2" : "raw";
}
