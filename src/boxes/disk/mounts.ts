import { join, relative } from "node:path";
import { BothyError } from "../../errors.ts";
import type { Layout } from "../../system/index.ts";
import { mounted } from "../mounted/index.ts";

/** Mounts that nobody else sees, made one after the other as what is found in one asks for the next. */
export interface MountSpace extends AsyncDisposable {
  /** A new folder that things can be mounted on; its path inside the space. */
  place(name: string): Promise<string>;
  /** Where a path of the space is for this process. Programs that look up their own paths get lost there: `enter`. */
  outside(path: string): string;
  /** argv that leads into the space; a program and its arguments follow. */
  readonly enter: readonly string[];
  /** Runs `mount` inside the space. @throws CommandError when it refuses, or as `run`. */
  mount(...args: readonly string[]): Promise<void>;
}

/** What runs in the space keeps it: a program of ours that went on after us would. */
const MORTAL = ["setpriv", "--pdeathsig", "KILL", "--"];

/**
 * A space without mounts. They and their loop devices end with it, and it ends with bothy, whatever ends that.
 * @throws BothyError `TOOL_MISSING`, `NOT_ROOT`, `INTERRUPTED`.
 */
export async function openMounts(layout: Layout, signal?: AbortSignal): Promise<MountSpace> {
  if (process.getuid?.() !== 0) throw notRoot();
  const space = await mounted(layout, [], { signal });
  return {
    enter: [...MORTAL, ...space.enter],
    place: async (name) => {
      await space.run(["mkdir", "-p", name]);
      return join(space.within, name);
    },
    outside: (path) => join(space.folder, relative(space.within, path)),
    mount: async (...args) => {
      await space.run(["mount", ...args]);
    },
    [Symbol.asyncDispose]: () => space[Symbol.asyncDispose](),
  };
}

function notRoot(): BothyError {
  return new BothyError("NOT_ROOT", "reading a disk needs root: it is mounted in a namespace of its own", {
    hints: ["sudo bothy box add ..."],
  });
}
