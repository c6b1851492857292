import { createReadStream } from "node:fs";
import { join } from "node:path";
import { BothyError } from "../../errors.ts";
import type { Layout } from "../../system/index.ts";
import type { BuildContext } from "../artefact.ts";
import type { BoxContent, BoxLayer } from "../box.ts";
import { adopt, openMounts } from "../disk/index.ts";
import { importTar, importTree, lookUp } from "../layer/index.ts";

/** An archive of a root file system, and what of it becomes a box. */
export interface TarballRequest extends BuildContext {
  readonly title: string;
  readonly user: string;
  /** A folder of the caller's, on the store's file system. */
  readonly scratch: string;
}

/**
 * What a box made of a root file system's tarball is: `docker export`, debootstrap, lxc's, however it is packed.
 * @throws BothyError `BOX_INVALID`, `ARCHIVE_REFUSED`, `DISK_FULL`, `INTERRUPTED`, `TOOL_MISSING`, `NOT_ROOT`.
 */
export async function contentOfTarball(
  layout: Layout,
  path: string,
  request: TarballRequest,
): Promise<BoxContent> {
  const { title, user, scratch, signal, report } = request;
  report?.("unpacking the root file system");
  const input = { title, open: async () => createReadStream(path, { highWaterMark: 1 << 20 }) };
  const layer = await importTar(layout, input, { below: [], signal });
  const root = await rootOf(layout, layer, title, signal);
  return adopt(layout, root, { user, scratch: join(scratch, "adopt"), signal, report });
}

/** Some archives have everything in one folder, as lxc's boxes: its content becomes the root. */
async function rootOf(
  layout: Layout,
  layer: BoxLayer,
  title: string,
  signal?: AbortSignal,
): Promise<BoxLayer> {
  if (await isRoot(layout, layer, "")) return layer;
  if (!(await isRoot(layout, layer, "/rootfs"))) {
    throw new BothyError(
      "BOX_INVALID",
      `\`${title}\` holds no root file system: no /etc, /usr or /bin is in it`,
      {
        hints: ["a root file system's archive is made in its root: `tar -C ROOT -czf rootfs.tar.gz .`"],
      },
    );
  }
  await using space = await openMounts(layout, signal);
  const place = await space.place("outer");
  await space.mount("-t", "erofs", "-o", "ro,loop,nosuid,nodev,noexec", layout.layer(layer.digest), place);
  return await importTree(layout, join(place, "rootfs"), { enter: space.enter, signal });
}

async function isRoot(layout: Layout, layer: BoxLayer, base: string): Promise<boolean> {
  const parts = ["/etc", "/usr", "/bin", "/sbin"].map((path) => lookUp(layout, [layer], `${base}${path}`));
  return (await Promise.all(parts)).some(Boolean);
}
