import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { BothyError, hasErrno } from "../../../errors.ts";
import { asset, baseEnvironment, type Layout, missingTool, start } from "../../../system/index.ts";
import type { RunSpec } from "../../provider.ts";
import type { Runtime } from "../runtime/index.ts";
import type { Volume } from "../spec/index.ts";
import { type MachineFolder, runtimeRoot } from "./folder.ts";
import { startFailure } from "./start-failure.ts";

/** conmon begins the console log anew at that size: a machine cannot fill the host's disk with it. */
const CONSOLE_BYTES = 64 * 1024 * 1024;

/** What the mount script and the monitor are started with. */
export interface MonitorRequest {
  readonly layout: Layout;
  readonly spec: RunSpec;
  readonly place: MachineFolder;
  readonly runtime: Runtime;
  readonly volumes: readonly Volume[];
}

/**
 * Mounts the machine's root in a mount namespace of its own, and there starts conmon, which creates the container
 * (it waits to be started) and stays to log and to wait for it. Returns the container's first process.
 * @throws BothyError as `startFailure` says; `INTERRUPTED` when the signal fires (leftovers are the caller's).
 */
export async function launch(request: MonitorRequest, signal?: AbortSignal): Promise<number> {
  // a group of its own: Ctrl-C reaches us, and what we undo is then undone in order
  const child = start(["unshare", "--mount", "--propagation", "slave", ...scriptArgv(request)], {
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    env: { ...baseEnvironment(), ...request.place.marker },
  });
  return await outcome(child, request, signal);
}

function scriptArgv({ layout, spec, place, runtime, volumes }: MonitorRequest): string[] {
  const layers = layout.layerMounts();
  return [
    "sh",
    asset("templates", "oci", "start.sh"),
    spec.dataDisk,
    place.folder,
    layers,
    spec.layers
      .map((layer) => layer.digest)
      .reverse()
      .join(":"),
    spec.tools.digest,
    spec.seed,
    volumes.map((volume) => volume.name).join(" "),
    ...conmonArgv(layout, spec, place, runtime),
  ];
}

function conmonArgv(layout: Layout, spec: RunSpec, place: MachineFolder, runtime: Runtime): string[] {
  const options: Record<string, string> = {
    "--api-version": "1",
    "--cid": spec.id,
    "--cuuid": spec.id,
    "--name": spec.id,
    "--runtime": runtime.path,
    "--bundle": place.folder,
    "--container-pidfile": place.initPid,
    "--conmon-pidfile": place.monitorPid,
    "--exit-dir": place.exitFolder,
    "--log-path": `k8s-file:${spec.consoleLog}`,
    "--log-size-max": String(CONSOLE_BYTES),
  };
  return [
    "conmon",
    ...Object.entries(options).flat(),
    ...["--terminal", "--full-attach", "--no-sync-log"],
    ...["--runtime-arg", "--root", "--runtime-arg", runtimeRoot(layout)],
  ];
}

/** Waits for conmon's first line, which tells the container's process or why there is none. */
async function outcome(child: ChildProcess, request: MonitorRequest, signal?: AbortSignal): Promise<number> {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error("the monitor was started without pipes");
  let said = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const failed = new Promise<never>((_, reject) => {
    child.once("error", (error) => reject(hasErrno(error, "ENOENT") ? missingTool("unshare", error) : error));
    signal?.addEventListener("abort", () => reject(interrupted(request.spec.name)), { once: true });
  });
  const lines = createInterface({ input: stdout });
  try {
    if (signal?.aborted) throw interrupted(request.spec.name);
    const { value } = await Promise.race([lines[Symbol.asyncIterator]().next(), failed]);
    const pid = parseSync(value);
    if (pid !== undefined && "pid" in pid) return pid.pid;
    await ended(child);
    throw startFailure(request.spec, { said, monitor: pid?.message });
  } finally {
    lines.close();
    stdout.destroy();
    stderr.destroy();
    child.unref();
  }
}

/** Until all that a failed start has to say has arrived. */
async function ended(child: ChildProcess): Promise<void> {
  await once(child, "close", { signal: AbortSignal.timeout(2000) }).catch(() => {});
}

/** Reads conmon's report: `{"data": PID}`, or `{"data": -1, "message": "..."}`. */
function parseSync(line: unknown): { pid: number } | { message: string } | undefined {
  if (typeof line !== "string") return undefined;
  const report = JSON.parse(line) as { data?: number; message?: string };
  if (report.data !== undefined && report.data > 0) return { pid: report.data };
  return { message: report.message ?? "it gave no reason" };
}

function interrupted(name: string): BothyError {
  return new BothyError("INTERRUPTED", `the start of machine '${name}' was interrupted`);
}
