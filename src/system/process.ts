import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { BothyError, hasErrno } from "../errors.ts";
import { debug } from "./log.ts";
import { packageOf } from "./tools.ts";

/** How a program is run; everything has a default. */
export interface RunOptions {
  /** What the program reads on stdin; without it stdin is closed. */
  readonly input?: string | Uint8Array | undefined;
  /** Added to the small environment that every program gets. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  readonly timeoutMs?: number | undefined;
  /** Ends the program with SIGTERM, and with SIGKILL two seconds later. */
  readonly signal?: AbortSignal | undefined;
  /** Exit codes that are no failure (default: only 0). */
  readonly okCodes?: readonly number[] | undefined;
  /** Called with every complete line that the program prints on stderr or stdout. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** What came of a program; the error of a failed one carries the same. */
export interface RunResult {
  /** The command as it can be pasted into a shell. */
  readonly command: string;
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** A program that returned a code it should not, or was ended by a signal. */
export class CommandError extends BothyError {
  readonly result: RunResult;

  constructor(result: RunResult, reason: string) {
    const said = result.stderr.trim() || result.stdout.trim();
    super("COMMAND_FAILED", `\`${result.command}\` ${reason}${said ? `: ${lastLines(said, 10)}` : ""}`);
    this.result = result;
  }
}

/** Environment that every program starts with: nothing of the user's but what names places and languages. */
export function baseEnvironment(): Record<string, string> {
  const kept = ["PATH", "HOME", "USER", "TMPDIR", "SSH_AUTH_SOCK", "http_proxy", "https_proxy", "no_proxy"];
  const env: Record<string, string> = { LC_ALL: "C.UTF-8" };
  for (const name of kept) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  env["PATH"] = `${env["PATH"] ?? ""}:/usr/sbin:/usr/bin:/sbin:/bin`;
  return env;
}

/**
 * Runs a program to its end and returns what it printed.
 * @throws CommandError when it fails; BothyError `TOOL_MISSING` when there is no such program,
 * `TIMEOUT` after `timeoutMs`, `INTERRUPTED` when the signal fires.
 */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const startedAt = performance.now();
  const child = start(argv, {
    cwd: options.cwd,
    env: { ...baseEnvironment(), ...options.env },
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  const end = await settle(child, options);
  const result: RunResult = { ...end, command: shellQuote(argv), durationMs: performance.now() - startedAt };
  debug(
    () => `${result.command} -> ${result.exitCode ?? result.signal} in ${result.durationMs.toFixed(0)} ms`,
  );
  return judge(result, end.failure, options);
}

/** Starts a program and hands it over; the caller owns it. The only other door to a child process. */
export function start(argv: readonly string[], options: SpawnOptions): ChildProcess {
  const [file, ...args] = argv;
  if (file === undefined) throw new Error("start: empty argv");
  debug(() => `start ${shellQuote(argv)}`);
  return spawn(file, args, { env: baseEnvironment(), ...options });
}

/** Quotes words so that a POSIX shell reads them back unchanged. */
export function shellQuote(argv: readonly string[]): string {
  return argv
    .map((word, index) => {
      const isPlain = index === 0 ? /^[\w@%+:,./-]+$/ : /^[\w@%+=:,./-]+$/; // a first word with = is an assignment
      return isPlain.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
    })
    .join(" ");
}

/** The error for a program that is not there, with the package that brings it. */
export function missingTool(tool: string, cause?: unknown): BothyError {
  return new BothyError("TOOL_MISSING", `\`${tool}\` is not installed on this host`, {
    hints: [`apt-get install ${packageOf(tool)}`, "`bothy doctor --fix` installs everything that is missing"],
    cause,
  });
}

interface End {
  exitCode: number | undefined;
  signal: NodeJS.Signals | undefined;
  stdout: string;
  stderr: string;
  failure?: unknown;
}

function settle(child: ChildProcess, options: RunOptions): Promise<End> {
  const end: End = { exitCode: undefined, signal: undefined, stdout: "", stderr: "" };
  const release = endOnAbort(child, options);
  collect(child.stdout, options.onLine, (text) => (end.stdout += text));
  collect(child.stderr, options.onLine, (text) => (end.stderr += text));
  child.stdin?.on("error", () => {}); // a program may exit before it has read everything: its exit code tells
  child.stdin?.end(options.input);
  return new Promise((resolve) => {
    child.once("error", (failure) => {
      release();
      resolve({ ...end, failure });
    });
    child.once("close", (code, signal) => {
      const failure = release();
      resolve({ ...end, exitCode: code ?? undefined, signal: signal ?? undefined, failure });
    });
  });
}

function collect(
  stream: ChildProcess["stdout"],
  onLine: RunOptions["onLine"],
  add: (text: string) => void,
): void {
  if (!stream) return;
  stream.setEncoding("utf8");
  let partial = "";
  stream.on("data", (text: string) => {
    add(text);
    if (!onLine) return;
    const lines = (partial + text).split("\n");
    partial = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  stream.on("end", () => partial && onLine?.(partial));
}

/** Ends the child when the time is up or the caller aborts; the returned function stops watching and says why. */
function endOnAbort(child: ChildProcess, options: RunOptions): () => unknown {
  const signals = [
    options.signal,
    options.timeoutMs === undefined ? undefined : AbortSignal.timeout(options.timeoutMs),
  ];
  const any = AbortSignal.any(signals.filter((signal) => signal !== undefined));
  let kill: NodeJS.Timeout | undefined;
  const abort = () => {
    child.kill("SIGTERM");
    kill = setTimeout(() => child.kill("SIGKILL"), 2000);
    if (child.exitCode === null && child.signalCode === null) child.once("exit", () => letGo(child));
    else letGo(child);
  };
  if (any.aborted) abort();
  else any.addEventListener("abort", abort, { once: true });
  return () => {
    clearTimeout(kill);
    any.removeEventListener("abort", abort);
    return any.aborted ? any.reason : undefined;
  };
}

/** Children that it leaves behind may keep its pipes open: they are not waited for. */
function letGo(child: ChildProcess): void {
  setTimeout(() => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  }, 100);
}

function judge(result: RunResult, failure: unknown, options: RunOptions): RunResult {
  if (hasErrno(failure, "ENOENT") && failure.syscall?.startsWith("spawn")) {
    if (options.cwd === undefined || existsSync(options.cwd)) throw missingTool(failure.path ?? "", failure);
    throw new BothyError("FAILED", `cannot run \`${result.command}\`: there is no folder ${options.cwd}`);
  }
  if (options.signal?.aborted) throw new BothyError("INTERRUPTED", `\`${result.command}\` was interrupted`);
  if (failure instanceof DOMException && failure.name === "TimeoutError") {
    throw new BothyError("TIMEOUT", `\`${result.command}\` did not end within ${options.timeoutMs} ms`);
  }
  if (failure) throw failure;
  if (result.signal) throw new CommandError(result, `was ended by ${result.signal}`);
  if (!(options.okCodes ?? [0]).includes(result.exitCode ?? -1)) {
    throw new CommandError(result, `failed with exit code ${result.exitCode}`);
  }
  return result;
}

function lastLines(text: string, count: number): string {
  return text.split("\n").slice(-count).join("\n");
}
