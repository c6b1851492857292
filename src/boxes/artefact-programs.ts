import { chmod, copyFile, mkdir, readdir, readFile, realpath, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { BothyError } from "../errors.ts";
import { run } from "../system/index.ts";

/** Where Debian has its shared libraries. */
const LIBRARY_FOLDERS = ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "lib64"];
/** Where the guest finds them. */
const GUEST_LIBRARIES = "/.bothy/lib";
const LOADER = "ld-linux-x86-64.so.2";

/** Copies `package:/path` from unpacked packages to `target`, executable. */
export async function placeProgram(packages: string, source: string, target: string): Promise<void> {
  const [name = "", path = ""] = source.split(/:(.*)/s);
  await mkdir(dirname(target), { recursive: true });
  await copyFile(join(packages, name, path), target).catch((cause: unknown) => {
    throw new BothyError("BOX_BUILD_FAILED", `the package '${name}' has no '${path}'`, { cause });
  });
  await chmod(target, 0o755);
}

/** Replaces a C string inside a program by one that is no longer. */
export async function replaceString(program: string, old: string, text: string): Promise<void> {
  const content = await readFile(program);
  const wanted = Buffer.from(`${old}\0`);
  const at = content.indexOf(wanted);
  if (at < 0 || text.length > old.length) {
    throw new BothyError("BOX_BUILD_FAILED", `'${old}' cannot become '${text}' in ${basename(program)}`);
  }
  content.fill(0, at, at + wanted.length);
  content.write(text, at);
  await writeFile(program, content);
}

/**
 * Makes programs independent of the box: they get our loader and our libraries, which are copied from the
 * packages to `libraries`. RPATH and not RUNPATH, because a user's LD_LIBRARY_PATH must not come first.
 */
export async function bindLibraries(
  packages: string,
  programs: readonly string[],
  libraries: string,
  signal?: AbortSignal,
): Promise<void> {
  const available = await findLibraries(packages);
  const copied = new Set<string>();
  await mkdir(libraries, { recursive: true });
  const add = async (name: string): Promise<void> => {
    if (copied.has(name)) return;
    copied.add(name);
    const source = available.get(name);
    if (!source)
      throw new BothyError("BOX_BUILD_FAILED", `no package of the recipe has the library '${name}'`);
    await copyFile(await realpath(source), join(libraries, name));
    await chmod(join(libraries, name), 0o755);
    for (const needed of await neededBy(source, signal)) await add(needed);
  };
  for (const program of programs) {
    const needed = await neededBy(program, signal);
    if (needed.length === 0) continue; // static
    for (const name of [LOADER, ...needed]) await add(name);
    const isLibrary = /\.so(?:\.\d+)*$/.test(program);
    const loader = isLibrary ? [] : ["--set-interpreter", `${GUEST_LIBRARIES}/${LOADER}`];
    const binding = [...loader, "--set-rpath", GUEST_LIBRARIES];
    await run(["patchelf", "--force-rpath", ...binding, program], { signal });
  }
}

async function neededBy(file: string, signal?: AbortSignal): Promise<string[]> {
  const { stdout, exitCode } = await run(["patchelf", "--print-needed", file], { signal, okCodes: [0, 1] });
  return exitCode === 0 ? stdout.split("\n").filter(Boolean) : []; // patchelf refuses static programs
}

async function findLibraries(packages: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(packages, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    for (const folder of LIBRARY_FOLDERS) {
      const path = join(packages, entry.name, folder);
      for (const name of await readdir(path).catch(() => [])) found.set(name, join(path, name));
    }
  }
  return found;
}
