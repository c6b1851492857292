import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { BothyError } from "../../errors.ts";
import {
  baseEnvironment,
  ensureFolder,
  type Layout,
  missingTool,
  type RunResult,
  run,
  shellQuote,
  start,
} from "../../system/index.ts";

/** Mount points in a mount namespace of their own. Disposing unmounts everything; so does the end of bothy. */
export interface Mounted extends AsyncDisposable {
  /**
   * The folder with the mount points, which this process and programs that do not ask for the real path reach so.
   * Absolute links in what is mounted lead to the host: nothing there may be followed.
   */
  readonly folder: string;
  /** The same folder as programs in the namespace see it, and the argv that leads there. */
  readonly within: string;
  readonly enter: readonly string[];
  /** Runs a program in the namespace with the folder as its working directory, to mount more or to unmount. */
  run(argv: readonly string[]): Promise<RunResult>;
}

/** How mounts are asked for. */
export interface MountedOptions {
  readonly signal?: AbortSignal | undefined;
  /** The error for a step that failed, from what the program said. */
  readonly explain?: ((said: string) => BothyError) | undefined;
}

/** The mounts end with the namespace, that ends with its last process, and that one with us, whatever ends us. */
const PRIVATE = [
  ...["setpriv", "--pdeathsig", "KILL", "--"],
  ...["unshare", "--mount", "--propagation", "private", "--"],
];

/**
 * Runs `steps` (argv each: mkdir, mount) one after the other in an empty folder that only exists in a mount namespace
 * of its own. All or nothing.
 * @throws what `explain` makes of a failed step; BothyError `TOOL_MISSING`, `INTERRUPTED`.
 */
export async function mounted(
  layout: Layout,
  steps: readonly (readonly string[])[],
  options: MountedOptions = {},
): Promise<Mounted> {
  const place = layout.boxes(); // a folder that is there anyway, and that nothing in the namespace looks for
  await ensureFolder(place);
  const child = start([...PRIVATE, "sh", "-eu", "-c", script(steps), "sh", place], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true, // Ctrl-C reaches us, and what is undone then is undone in order
    env: baseEnvironment(),
  });
  await ready(child, options);
  const enter = ["nsenter", "--target", String(child.pid), "--mount", "--"];
  return {
    folder: `/proc/${child.pid}/root${place}`,
    within: place,
    enter,
    run: (argv) => run([...enter, ...IN_FOLDER, place, ...argv], { signal: options.signal }),
    [Symbol.asyncDispose]: () => end(child),
  };
}

function script(steps: readonly (readonly string[])[]): string {
  return [
    'mount -t tmpfs -o mode=755 bothy "$1"',
    'cd "$1"',
    ...steps.map((step) => shellQuote(step)),
    "echo ready",
    "cat >/dev/null",
    "cd /",
    'umount -R "$1"',
  ].join("\n");
}

const IN_FOLDER = ["sh", "-eu", "-c", 'cd "$1"; shift; exec "$@"', "sh"];

/** Until the last step is done. */
async function ready(child: ChildProcess, { signal, explain }: MountedOptions): Promise<void> {
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  child.stdin?.on("error", () => {}); // it ended: what it said tells why
  const abort = () => void child.kill("SIGKILL");
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  try {
    if (await isReady(child)) return;
    if (signal?.aborted) throw new BothyError("INTERRUPTED", "interrupted while mounting a box");
    throw explain?.(said.trim()) ?? new BothyError("FAILED", `cannot mount: ${said.trim()}`);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

function isReady(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve, reject) => {
    child.stdout?.once("data", () => resolve(true));
    child.once("error", (cause) => reject(missingTool(PRIVATE[0] ?? "", cause)));
    child.once("close", () => resolve(false));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.stdin?.end();
  await closed;
}
