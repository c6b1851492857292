import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BothyError } from "../errors.ts";
import type { ArchiveEntry } from "./artefact-initramfs.ts";

/**
 * The given modules of a kernel and what they depend on, with the lists that modprobe reads.
 * `folder` is a `/lib/modules/VERSION` on which depmod has run. Modules built into the kernel need no file.
 */
export async function selectModules(
  folder: string,
  version: string,
  names: readonly string[],
): Promise<ArchiveEntry[]> {
  const dependencies = parseDependencies(await readFile(join(folder, "modules.dep"), "utf8"));
  const builtin = await readFile(join(folder, "modules.builtin"), "utf8");
  const inKernel = new Set(builtin.split("\n").map(moduleName));
  const files = new Set<string>();
  for (const name of names.map(moduleName)) {
    const found = [...dependencies.keys()].find((file) => moduleName(file) === name);
    if (found) for (const file of [found, ...(dependencies.get(found) ?? [])]) files.add(file);
    else if (!inKernel.has(name)) throw unknownModule(name, version);
  }
  const list = [...files].sort().map((file) => `${file}: ${(dependencies.get(file) ?? []).join(" ")}\n`);
  const base = `lib/modules/${version}`;
  const lists = { "modules.dep": list.join(""), "modules.builtin": builtin };
  return [
    ...Object.entries(lists).map(([name, text]) => fileEntry(`${base}/${name}`, Buffer.from(text))),
    ...(await Promise.all(
      [...files].map(async (file) => fileEntry(`${base}/${file}`, await readFile(join(folder, file)))),
    )),
  ];
}

function fileEntry(path: string, content: Uint8Array): ArchiveEntry {
  return { path, mode: 0o644, content };
}

/** `kernel/fs/erofs/erofs.ko: kernel/lib/libcrc32c.ko ...` */
function parseDependencies(text: string): Map<string, string[]> {
  const lines = text.split("\n").filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [file = "", needed = ""] = line.split(":");
      return [file, needed.split(" ").filter(Boolean)];
    }),
  );
}

/** Module names do not tell `-` from `_`, and neither do we. */
function moduleName(file: string): string {
  return (file.split("/").at(-1) ?? "").replace(/\.ko(\.\w+)?$/, "").replaceAll("-", "_");
}

function unknownModule(name: string, version: string): BothyError {
  return new BothyError("BOX_BUILD_FAILED", `the kernel ${version} has no module '${name}'`);
}
