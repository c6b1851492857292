import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Layout } from "../../../src/system/index.ts";

/** Everything on the host that belongs to this store's machines: mounts, loops, links, cgroups, processes, files. */
export function leftovers(store: Layout): string[] {
  return [
    ...lines(readFileSync("/proc/self/mountinfo", "utf8"), store.run, store.home),
    ...lines(execFileSync("losetup", ["--list", "--noheadings"], { encoding: "utf8" }), store.home),
    ...readdirSync("/sys/class/net").filter((name) => name.startsWith(`bo${store.tag}`)),
    ...lines(cgroups(), store.tag),
    ...processes(store),
    ...files(store.run),
    ...files(store.temporary()),
  ];
}

/** Others' cgroups come and go while find(1) looks, which it takes for a failure. */
function cgroups(): string {
  return execFileSync("sh", ["-c", "find /sys/fs/cgroup -type d 2>&1 || :"], { encoding: "utf8" });
}

function lines(text: string, ...words: string[]): string[] {
  return text.split("\n").filter((line) => words.some((word) => line.includes(word)));
}

/** Programs that name the store in their arguments or environment; flock(1) holds locks only for us. */
function processes(store: Layout): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    const found = ["cmdline", "environ"].some((name) => read(`/proc/${pid}/${name}`).includes(store.run));
    return found ? [`process ${pid}: ${read(`/proc/${pid}/cmdline`).replaceAll("\0", " ")}`] : [];
  });
}

function files(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
