import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { asset, start } from "../../src/system/index.ts";

/** Another process that runs our sources. */
export interface SourceProcess extends AsyncDisposable {
  readonly pid: number;
  /** The next line that it prints. */
  line(): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** Like Ctrl-C in a terminal: the signal goes to it and to all its children of the same group. */
  killGroup(signal: NodeJS.Signals): void;
  exited(): Promise<void>;
}

/**
 * Makes a program of TypeScript that imports from `src/...` with paths from the root of the repository; the returned
 * function starts it, each time as a process group of its own.
 */
export async function sourceProgram(
  folder: string,
  code: string,
): Promise<(...argv: string[]) => SourceProcess> {
  const result = await build({
    stdin: { contents: code, resolveDir: asset(), loader: "ts" },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
  });
  const file = join(folder, "program.mjs");
  await writeFile(file, result.outputFiles[0]?.contents ?? "");
  return (...argv) => {
    const child = start([process.execPath, file, ...argv], {
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
      cwd: asset(),
    });
    return describe(child);
  };
}

function describe(child: ChildProcess): SourceProcess {
  const pid = child.pid ?? 0;
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  let partial = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const found = (partial + text).split("\n");
    partial = found.pop() ?? "";
    lines.push(...found);
    while (waiting.length > 0 && lines.length > 0) waiting.shift()?.(lines.shift() ?? "");
  });
  const ended = once(child, "exit");
  return {
    pid,
    line: () =>
      new Promise((resolve) => {
        const line = lines.shift();
        if (line === undefined) waiting.push(resolve);
        else resolve(line);
      }),
    kill: (signal) => void child.kill(signal),
    killGroup: (signal) => void process.kill(-pid, signal),
    exited: async () => void (await ended),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
}
