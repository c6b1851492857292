import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BothyError } from "../errors.ts";
import { ensureFolder, statIfExists } from "./files.ts";
import { missingTool, start } from "./process.ts";

/** What flock(1) exits with when another has the lock. */
const TAKEN = 1;

/** Who holds a lock. */
export interface Holder {
  readonly pid: number;
  /** What it is doing: the command as typed. */
  readonly command: string;
  readonly since: string;
}

/** How a lock is asked for. */
export interface LockOptions {
  /** How long to wait for another process (default: ten minutes). */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called once when the lock is not free at once. */
  readonly onWait?: ((holder: Holder | undefined) => void) | undefined;
}

/**
 * Holds `path` against every other process until disposed.
 * The lock is the kernel's (flock(2), held by a small child that ends with us), so a holder that dies
 * frees it at once and there is nothing to take over or clean. The file names the holder.
 * @throws BothyError `LOCKED` after the timeout, naming the holder; `INTERRUPTED` when the signal fires.
 */
export async function lock(path: string, options: LockOptions = {}): Promise<AsyncDisposable> {
  await ensureFolder(dirname(path));
  const quick = await tryFlock(path, 0, undefined);
  return named(path, quick ?? (await waitForLock(path, options)));
}

/** The lock if nobody holds it, else `undefined`; never waits. */
export async function tryLock(path: string): Promise<AsyncDisposable | undefined> {
  await ensureFolder(dirname(path));
  const child = await tryFlock(path, 0, undefined);
  return child && named(path, child);
}

/**
 * Removes the files of locks that nobody has taken for so long. Safe while others take them: whoever gets a lock looks
 * whether its file is still there, and only a holder removes one.
 */
export async function removeOldLocks(folder: string, olderThanMs: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const stats = await statIfExists(path);
    if (!stats?.isFile() || Date.now() - stats.mtimeMs < olderThanMs) continue;
    await using held = await tryLock(path);
    if (held) await rm(path, { force: true });
  }
}

/** Who holds the lock, as far as its file tells; only meaningful while it is held. */
export async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

/** Our name goes into the file where there is room: a full disk must not keep anything from being removed. */
async function named(path: string, child: ChildProcess): Promise<AsyncDisposable> {
  await writeFile(path, JSON.stringify(self())).catch(() => {});
  return { [Symbol.asyncDispose]: () => release(child) };
}

async function waitForLock(path: string, options: LockOptions): Promise<ChildProcess> {
  const { timeoutMs = 600_000, signal } = options;
  options.onWait?.(await readHolder(path));
  const child = await tryFlock(path, timeoutMs, signal);
  if (child) return child;
  if (signal?.aborted) throw new BothyError("INTERRUPTED", "interrupted while waiting for a lock");
  const holder = await readHolder(path);
  const who = holder ? `\`${holder.command}\` (pid ${holder.pid}, since ${holder.since})` : "another process";
  throw new BothyError("LOCKED", `${who} still holds the lock ${path}`, {
    hints: [holder ? `wait for it, or end it: kill ${holder.pid}` : "wait for it, then try again"],
  });
}

/** A child that holds the lock and ends when its stdin closes, or `undefined` when the lock is taken. */
async function tryFlock(
  path: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<ChildProcess | undefined> {
  const wait = timeoutMs > 0 ? ["-w", String(Math.ceil(timeoutMs / 1000))] : ["-n"];
  const child = start(["flock", ...wait, "--no-fork", path, "sh", "-c", "echo held; exec cat"], {
    stdio: "pipe",
    detached: true, // Ctrl-C goes to the whole group; the lock must outlive the undo
  });
  child.stdin?.on("error", () => {});
  const giveUp = () => child.kill(); // only while it waits: once it holds the lock, the undo needs it
  signal?.addEventListener("abort", giveUp, { once: true });
  if (signal?.aborted) giveUp();
  const held = await isHeld(child, path).finally(() => signal?.removeEventListener("abort", giveUp));
  if (!held) return undefined;
  const isStale = await isRemoved(child);
  if (!isStale && !signal?.aborted) {
    child.unref();
    return child;
  }
  await release(child);
  return signal?.aborted ? undefined : tryFlock(path, timeoutMs, signal);
}

/** Whether the file that the child has locked was removed: then others lock the one that is there now. */
async function isRemoved({ pid }: ChildProcess): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const open = (await readdir(folder).catch(() => [])).map((name) => join(folder, name));
  const all = await Promise.all(open.map((path) => stat(path).catch(() => undefined))); // some it closes meanwhile
  return all.some((stats) => stats?.isFile() && stats.nlink === 0);
}

/** True once the child says so; false when the lock is taken or the wait was given up. */
function isHeld(child: ChildProcess, path: string): Promise<boolean> {
  let complaint = "";
  child.stderr?.on("data", (text) => (complaint += text));
  return new Promise((resolve, reject) => {
    child.stdout?.once("data", () => resolve(true));
    child.once("error", (cause) => reject(missingTool("flock", cause)));
    child.once("close", (code) => {
      if (code === null || code === TAKEN) resolve(false);
      else reject(new BothyError("FAILED", `cannot lock ${path}: ${complaint.trim()}`));
    });
  });
}

async function release(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.ref();
  child.stdin?.end();
  await closed;
}

function self(): Holder {
  const command = ["bothy", ...process.argv.slice(2)].join(" ");
  return { pid: process.pid, command, since: new Date().toISOString() };
}
