import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { asset, run } from "../../../system/index.ts";
import { type ArchiveEntry, archive } from "../../artefact-initramfs.ts";
import { selectModules } from "../../artefact-modules.ts";
import { placeProgram } from "../../artefact-programs.ts";
import { kernelRecipe, readRecipe } from "../../artefact-recipe.ts";
import { resolvePackages, resolvePointer, unpackPackages } from "../../packages.ts";

/** What a disk boots without us. */
export interface Boot {
  readonly version: string;
  /** As a boot loader takes it; our own artefact is unpacked for QEMU. */
  readonly vmlinuz: string;
  readonly initramfs: Buffer;
  /** A `/lib/modules/VERSION`. */
  readonly modules: string;
}

const PACKAGE = /^linux-image-(\d.*)$/;

/**
 * Fetches the kernel that our VMs boot, from the host's own package sources, and makes an initramfs that mounts a disk's
 * own root. @throws BothyError `BOX_BUILD_FAILED` when there is none to fetch.
 */
export async function fetchBoot(scratch: string, signal?: AbortSignal): Promise<Boot> {
  const recipe = await readRecipe(kernelRecipe, "kernel");
  const kernel = await resolvePointer(recipe.kernel, PACKAGE, signal);
  const version = PACKAGE.exec(kernel)?.[1] ?? "";
  await unpackPackages(await resolvePackages([kernel, ...recipe.packages], signal), scratch, signal);
  const tree = join(scratch, kernel);
  await run(["depmod", "-b", tree, version], { signal });
  const modules = join(tree, "lib/modules", version);
  const entries: ArchiveEntry[] = await selectModules(modules, version, recipe.modules);
  for (const [path, source] of Object.entries(recipe.programs)) {
    const program = join(scratch, "programs", path);
    await placeProgram(scratch, source, program);
    entries.push({ path, mode: 0o755, content: await readFile(program) });
  }
  entries.push({ path: "init", mode: 0o755, content: await readFile(asset("templates", "vagrant", "init")) });
  entries.push({ path: "etc/modules", mode: 0o644, content: Buffer.from(`${recipe.modules.join(" ")}\n`) });
  for (const path of ["dev", "proc", "root", "run", "sys"]) entries.push({ path, mode: 0o755 });
  return { version, modules, vmlinuz: join(tree, "boot", `vmlinuz-${version}`), initramfs: archive(entries) };
}
