import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the installed package: the same from sources and from the built files. */
export const packageRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

/** The path of a file that ships with the package, such as `asset("templates", "init")`. */
export function asset(...parts: string[]): string {
  return join(packageRoot, ...parts);
}

function findRoot(folder: string): string {
  if (existsSync(join(folder, "package.json"))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error("package.json of bothy not found");
  return findRoot(parent);
}
