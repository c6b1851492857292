import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasErrno } from "../errors.ts";
import { type Layout, run, statIfExists, writeJson } from "../system/index.ts";
import { type ArtefactKind, type BuildContext, buildArtefact, findArtefact } from "./artefact.ts";
import { type ArchiveEntry, archive } from "./artefact-initramfs.ts";
import { selectModules } from "./artefact-modules.ts";
import { placeProgram } from "./artefact-programs.ts";
import { type KernelRecipe, kernelRecipe, readRecipe, readScripts, recipeKey } from "./artefact-recipe.ts";
import { unpackKernel } from "./artefact-vmlinux.ts";
import { digestOfFile, digestOfText } from "./digest.ts";
import { packTree } from "./image.ts";
import { aptState, type Package, resolvePackages, resolvePointer, unpackPackages } from "./packages.ts";

/** What a VM boots, so that no box needs a kernel. */
export interface Kernel {
  readonly digest: string;
  /** What QEMU's `-kernel` takes; an ELF file where that starts faster. */
  readonly vmlinuz: string;
  readonly initramfs: string;
  /** EROFS for /lib/modules. */
  readonly modules: string;
  /** As in `uname -r`. */
  readonly version: string;
}

/** Raise it when the same recipe and packages give another result. */
const FORMAT = 1;
/** The files of a kernel that are handed to QEMU, by what they are. */
export const KERNEL_FILES = { vmlinuz: "vmlinuz", initramfs: "initramfs", modules: "modules.erofs" } as const;
const DESCRIPTION = "kernel.json";
const EPOCH = Date.UTC(2020, 0, 1) / 1000;
const PACKAGE = /^linux-image-(\d.*)$/;

const KIND: ArtefactKind = {
  name: "kernel",
  files: [...Object.values(KERNEL_FILES), DESCRIPTION],
  recipeKey: () => recipeKey("kernel"),
  quickKey: async () => digestOfText(JSON.stringify([FORMAT, await recipeKey("kernel"), await aptState()])),
  inputs: async ({ signal }) => {
    const recipe = await readRecipe(kernelRecipe, "kernel");
    const kernel = await resolvePointer(recipe.kernel, PACKAGE, signal);
    const packages = await resolvePackages([kernel, ...recipe.packages], signal);
    const key = digestOfText(JSON.stringify([FORMAT, await recipeKey("kernel"), packages]));
    return { key, make: (...to) => make(recipe, kernel, packages, ...to) };
  },
};

/** The newest kernel, or `undefined` before the first build. */
export async function findKernel(layout: Layout): Promise<Kernel | undefined> {
  const digest = await findArtefact(layout, KIND);
  return digest === undefined ? undefined : openKernel(layout, digest);
}

/** The kernel of today's recipe and packages; built when there is none. See `buildArtefact` for the promises. */
export async function buildKernel(layout: Layout, context: BuildContext = {}): Promise<Kernel> {
  return openKernel(layout, await buildArtefact(layout, KIND, context));
}

/** The kernel of that digest if every file of it is there; see `openKernel`. */
export async function findKernelOf(layout: Layout, digest: string): Promise<Kernel | undefined> {
  try {
    const kernel = await openKernel(layout, digest);
    const stats = await Promise.all([kernel.vmlinuz, kernel.initramfs, kernel.modules].map(statIfExists));
    return stats.every((one) => one?.isFile()) ? kernel : undefined;
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A kernel by its digest: the newest, an earlier one, or one that a box brought along. */
export async function openKernel(layout: Layout, digest: string): Promise<Kernel> {
  const folder = layout.artefact("kernel", digest);
  const { version } = JSON.parse(await readFile(join(folder, DESCRIPTION), "utf8")) as { version: string };
  return {
    digest,
    vmlinuz: join(folder, KERNEL_FILES.vmlinuz),
    initramfs: join(folder, KERNEL_FILES.initramfs),
    modules: join(folder, KERNEL_FILES.modules),
    version,
  };
}

async function make(
  recipe: KernelRecipe,
  kernel: string,
  packages: readonly Package[],
  folder: string,
  scratch: string,
  { signal, report }: BuildContext,
): Promise<string> {
  const version = PACKAGE.exec(kernel)?.[1] ?? "";
  report?.(`fetching the kernel ${version}`);
  await unpackPackages(packages, scratch, signal);
  report?.("packing the kernel and its modules");
  const tree = join(scratch, kernel);
  const modules = join(tree, "lib/modules");
  await run(["depmod", "-b", tree, version], { signal });
  await packTree(modules, join(folder, KERNEL_FILES.modules), { compress: "lz4", epoch: EPOCH, signal });
  await placeKernel(join(tree, "boot", `vmlinuz-${version}`), join(folder, KERNEL_FILES.vmlinuz));
  await placeInitramfs(recipe, version, modules, scratch, join(folder, KERNEL_FILES.initramfs));
  await writeJson(join(folder, DESCRIPTION), { version, package: packages.map((entry) => entry.file) });
  return digestOfKernel(folder, signal);
}

async function placeKernel(source: string, target: string): Promise<void> {
  const kernel = unpackKernel(await readFile(source));
  if (kernel) await writeFile(target, kernel, { mode: 0o444 });
  else await rename(source, target);
}

async function placeInitramfs(
  recipe: KernelRecipe,
  version: string,
  modules: string,
  scratch: string,
  target: string,
): Promise<void> {
  const entries: ArchiveEntry[] = await selectModules(join(modules, version), version, recipe.modules);
  for (const [path, source] of Object.entries(recipe.programs)) {
    const program = join(scratch, "programs", path);
    await placeProgram(scratch, source, program);
    entries.push({ path, mode: 0o755, content: await readFile(program) });
  }
  for (const [path, script] of await readScripts("kernel")) {
    entries.push({ path, mode: 0o755, content: Buffer.from(script) });
  }
  entries.push({ path: "etc/modules", mode: 0o644, content: Buffer.from(`${recipe.modules.join(" ")}\n`) });
  for (const path of ["dev", "layers", "proc", "root", "run", "sys"]) entries.push({ path, mode: 0o755 });
  await writeFile(target, archive(entries), { mode: 0o444 });
}

/** What names a kernel: every byte of its files. */
export async function digestOfKernel(folder: string, signal?: AbortSignal): Promise<string> {
  const digests = KIND.files.map((file) => digestOfFile(join(folder, file), signal));
  return digestOfText((await Promise.all(digests)).join("\n"));
}
