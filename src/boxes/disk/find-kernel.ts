import { join } from "node:path";
import type { Tree } from "./inside.ts";
import { compareKernels, moduleNames } from "./kernel-names.ts";

/** A kernel of a box's own. */
export interface OwnKernel {
  /** As in `uname -r`. */
  readonly version: string;
  /** The host's path of its bzImage. */
  readonly image: string;
  /** The host's path of its /lib/modules/VERSION. */
  readonly modules: string;
  /** The same path as the mount space has it. */
  readonly modulesInSpace: string;
}

/** Modules without which no machine starts, in files or built in. */
export const NEEDED_MODULES = ["virtio_pci", "virtio_blk", "virtio_net", "erofs", "overlay", "ext4"];
/** What overlayfs needs for `userxattr`. */
const OLDEST = [5, 11] as const;

/** Finds the kernels of a tree: `/boot/vmlinuz-VERSION` or `/lib/modules/VERSION/vmlinuz`, the newest that has modules. */
export async function newestKernel(tree: Tree, inSpace: string): Promise<OwnKernel | undefined> {
  const modules = await tree.locate("/lib/modules");
  if (modules === undefined) return undefined;
  const versions = (await tree.list("/lib/modules")).filter((name) => /^\d+\.\d+[\w.+~-]*$/.test(name));
  for (const version of versions.sort(compareKernels).reverse()) {
    const image = await imageOf(tree, version);
    const folder = await tree.locate(`/lib/modules/${version}`);
    if (image === undefined || folder === undefined) continue;
    if (!(await tree.stat(`/lib/modules/${version}/modules.dep`))?.isFile()) continue;
    return { version, image, modules: folder, modulesInSpace: join(inSpace, folder.slice(tree.root.length)) };
  }
  return undefined;
}

/** What a kernel lacks of what every machine needs, in words. */
export async function missingFeatures(tree: Tree, { version }: OwnKernel): Promise<string[]> {
  const base = `/lib/modules/${version}`;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  const [dependencies, builtin, config] = await Promise.all([
    tree.read(`${base}/modules.dep`),
    tree.read(`${base}/modules.builtin`),
    tree.read(`/boot/config-${version}`),
  ]);
  const known = moduleNames(`${dependencies ?? ""}\n${builtin ?? ""}`);
  const missing = NEEDED_MODULES.filter((name) => !known.has(name)).map((name) => `the module ${name}`);
  if (isOld) missing.push(`overlayfs's userxattr (${OLDEST.join(".")} has it)`);
  if (config !== undefined && !/^CONFIG_EROFS_FS_ZIP=y$/m.test(config) && known.has("erofs")) {
    missing.push("erofs with compression");
  }
  return missing;
}

async function imageOf(tree: Tree, version: string): Promise<string | undefined> {
  for (const path of [`/boot/vmlinuz-${version}`, `/lib/modules/${version}/vmlinuz`]) {
    if ((await tree.stat(path))?.isFile()) return tree.locate(path);
  }
  return undefined;
}
