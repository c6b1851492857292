/** Orders kernel versions as people count: 6.1.0-9 comes before 6.1.0-10. */
export function compareKernels(one: string, other: string): number {
  return one.localeCompare(other, "en", { numeric: true });
}

/** The modules of a modules.dep or modules.builtin, `-` as `_`, whatever they are packed with. */
export function moduleNames(text: string): Set<string> {
  const files = text.split("\n").map((line) => line.split(":")[0] ?? "");
  return new Set(files.map(moduleName).filter(Boolean));
}

/** `kernel/fs/erofs/erofs.ko.xz` is `erofs`. */
export function moduleName(file: string): string {
  return (file.split("/").at(-1) ?? "").replace(/\.ko(\.\w+)?$/, "").replaceAll("-", "_");
}
