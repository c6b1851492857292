import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { BothyError } from "../../errors.ts";
import { missingTool, run, start } from "../../system/index.ts";

/** Mounts that nobody else sees. */
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

/**
 * A mount namespace of its own, held by a process that ends with bothy, whatever ends that: mounts and loop devices end
 * with it. Mounts are made below `folder` and are seen through `outside`.
 * @throws BothyError `TOOL_MISSING`, `NOT_ROOT`.
 */
export async function openMounts(folder: string, signal?: AbortSignal): Promise<MountSpace> {
  const holder = start(
    [
      ...["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private"],
      ...["sh", "-c", "echo ready; exec cat"],
    ],
    { stdio: ["pipe", "pipe", "ignore"], cwd: "/" },
  );
  const ended = once(holder, "close");
  ended.catch(() => {}); // a missing program is told below
  await Promise.race([once(holder.stdout ?? holder, "data"), ended]).catch((cause: unknown) => {
    throw missingTool("unshare", cause);
  });
  if (holder.exitCode !== null || holder.pid === undefined) throw notRoot();
  const pid = String(holder.pid);
  await mkdir(folder, { recursive: true });
  const enter = ["nsenter", "--target", pid, "--mount", "--"];
  return {
    enter,
    place: async (name) => {
      await mkdir(join(folder, name), { recursive: true });
      return join(folder, name);
    },
    outside: (path) => join("/proc", pid, "root", path),
    mount: async (...args) => {
      await run([...enter, "mount", ...args], { signal });
    },
    [Symbol.asyncDispose]: async () => {
      holder.stdin?.destroy();
      holder.kill("SIGKILL");
      await ended;
    },
  };
}

function notRoot(): BothyError {
  return new BothyError("NOT_ROOT", "reading a disk needs root: it is mounted in a namespace of its own", {
    hints: ["sudo bothy box add ..."],
  });
}
