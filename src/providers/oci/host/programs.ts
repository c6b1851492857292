import { join } from "node:path";
import { baseEnvironment, isExecutable } from "../../../system/index.ts";

/** Where a program is, on the path that every program of ours gets; `undefined` when it is not installed. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = new Set((baseEnvironment()["PATH"] ?? "").split(":").filter((folder) => folder !== ""));
  for (const folder of folders) {
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}
