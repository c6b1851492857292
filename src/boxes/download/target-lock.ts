import { rm } from "node:fs/promises";
import { lock, statIfExists } from "../../system/index.ts";

/** Another process may fetch for hours; whoever waits for it can be interrupted. */
const PATIENCE_MS = 24 * 3_600_000;

/**
 * Holds the right to write the file `target` and its `.part` against every other process and every other caller in
 * this one. The lock's file lies beside the target and goes with the lock; one that a killed process left is reused.
 * @throws BothyError `INTERRUPTED` when the signal fires.
 */
export async function takeTarget(target: string, signal?: AbortSignal): Promise<AsyncDisposable> {
  const path = `${target}.lock`;
  for (;;) {
    const before = await statIfExists(path);
    const held = await lock(path, { timeoutMs: PATIENCE_MS, signal });
    const after = await statIfExists(path);
    // The holder before us removed the file that we waited on: others meet at a new one.
    const isStale = before !== undefined && before.ino !== after?.ino;
    if (!isStale) return { [Symbol.asyncDispose]: () => release(path, held) };
    await held[Symbol.asyncDispose]();
  }
}

async function release(path: string, held: AsyncDisposable): Promise<void> {
  await rm(path, { force: true });
  await held[Symbol.asyncDispose]();
}
