import { existsSync } from "node:fs";
import { asset, baseEnvironment, start } from "../../src/system/index.ts";

/** How the program is started. */
export interface CliOptions {
  readonly cwd: string;
  /** Added to the small environment that every child gets; the caller's own never leaks in. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly stdin?: string | Uint8Array | undefined;
  /** Signals to send: after how many milliseconds, which. */
  readonly signals?: readonly (readonly [afterMs: number, signal: NodeJS.Signals])[] | undefined;
}

/** What a run of the program gave. */
export interface CliResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built program as users do: `bin/run.js` in a process of its own, without a terminal. */
export async function runCli(argv: readonly string[], options: CliOptions): Promise<CliResult> {
  if (!existsSync(asset("dist", "main.js"))) throw new Error("dist/ is missing: `npm run build` makes it");
  const child = start([process.execPath, asset("bin", "run.js"), ...argv], {
    cwd: options.cwd,
    env: { ...baseEnvironment(), ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
  child.stdin?.on("error", () => {}).end(options.stdin ?? "");
  const timers = (options.signals ?? []).map(([ms, signal]) => setTimeout(() => child.kill(signal), ms));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode, signal) => {
      for (const timer of timers) clearTimeout(timer);
      resolve({ exitCode, signal, ...said });
    });
  });
}
