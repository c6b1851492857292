import { copyFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BothyError } from "../../errors.ts";
import { ensureFolder, type Layout, lock, removeTree, statIfExists, writeJson } from "../../system/index.ts";
import type { BuildContext } from "../artefact.ts";
import { unpackKernel } from "../artefact-vmlinux.ts";
import type { BoxContent } from "../box.ts";
import { packTree } from "../image.ts";
import { buildKernel, digestOfKernel, findKernel, KERNEL_FILES } from "../kernel.ts";
import { ownInitramfs } from "./box-initramfs.ts";
import { missingFeatures, newestKernel, type OwnKernel } from "./find-kernel.ts";
import type { Tree } from "./inside.ts";
import type { MountSpace } from "./mounts.ts";

/** What is needed beside the tree. */
export interface KernelRequest extends BuildContext {
  readonly tree: Tree;
  /** Where the tree is in the space. */
  readonly place: string;
  readonly space: MountSpace;
  /** A folder on the store's file system. */
  readonly scratch: string;
}

/** The time of the folder that holds them is our own: the same modules shall give the same bytes. */
const CLAMPED = { epoch: Date.UTC(2020, 0, 1) / 1000 };

/** What a box remembers of its own kernel. */
export type BoxKernel = NonNullable<BoxContent["kernel"]>;

/**
 * Makes an artefact of the newest kernel in a box's tree, that boots our initramfs with the box's modules.
 * `undefined`, with a line to `report`, when there is none or it lacks what every machine needs.
 * The caller holds a lease of layers: until a box names it, only that keeps it in the store.
 * @throws BothyError `DISK_FULL`, `INTERRUPTED`, `TOOL_MISSING`.
 */
export async function keepKernel(layout: Layout, request: KernelRequest): Promise<BoxKernel | undefined> {
  const { tree, report } = request;
  const kernel = await newestKernel(tree, request.place);
  if (!kernel) return undefined;
  const missing = await missingFeatures(tree, kernel);
  if (missing.length > 0) {
    report?.(`its own kernel ${kernel.version} is left out: it lacks ${missing.join(", ")}`);
    return undefined;
  }
  report?.(`keeping its own kernel ${kernel.version}`);
  try {
    return { digest: await makeKernel(layout, kernel, request), version: kernel.version };
  } catch (error) {
    if (!(error instanceof BothyError) || error.code !== "BOX_BUILD_FAILED") throw error;
    report?.(`its own kernel ${kernel.version} is left out: ${error.message}`);
    return undefined;
  }
}

async function makeKernel(layout: Layout, kernel: OwnKernel, request: KernelRequest): Promise<string> {
  const { space, scratch, signal } = request;
  const ours = (await findKernel(layout)) ?? (await buildKernel(layout, request));
  const folder = join(scratch, "kernel");
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await place(kernel.image, join(folder, KERNEL_FILES.vmlinuz));
  const initramfs = await ownInitramfs(kernel, await readFile(ours.initramfs), signal);
  await writeFile(join(folder, KERNEL_FILES.initramfs), initramfs, { mode: 0o444 });
  // only the modules of this version, under its name
  const modules = await space.place("modules");
  const own = await space.place(`modules/${kernel.version}`);
  await space.mount("--bind", kernel.modulesInSpace, own);
  await packTree(modules, join(folder, KERNEL_FILES.modules), { ...CLAMPED, enter: space.enter, signal });
  await writeJson(join(folder, "kernel.json"), { version: kernel.version, package: ["box"] });
  const digest = await digestOfKernel(folder, signal);
  await keep(layout, folder, digest, signal);
  return digest;
}

async function place(source: string, target: string): Promise<void> {
  const plain = unpackKernel(await readFile(source));
  if (plain) await writeFile(target, plain, { mode: 0o444 });
  else await copyFile(source, target);
}

async function keep(layout: Layout, folder: string, digest: string, signal?: AbortSignal): Promise<void> {
  const target = layout.artefact("kernel", digest);
  await using _held = await lock(layout.lock("build-kernel"), { signal });
  if (await statIfExists(join(target, "kernel.json"))) return;
  await ensureFolder(layout.artefacts("kernel"));
  await removeTree(target, { within: layout.artefacts("kernel") });
  await rename(folder, target);
}
