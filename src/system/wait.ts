import { BothyError } from "../errors.ts";
import { type Clock, systemClock } from "./clock.ts";

/** Something to wait for, as a value. */
export interface Probe<T> {
  /** What is waited for, to follow "waiting for": "SSH on 10.83.0.2". */
  readonly title: string;
  /** One attempt: the value, or `undefined` for "not yet". A throw ends the wait at once. */
  attempt(signal: AbortSignal): Promise<T | undefined>;
  /** Evidence for the message when the time is up: the last console lines, a rule, an exit status. */
  evidence?(): Promise<string | undefined>;
  readonly hints?: readonly string[];
}

/** Bounds of a wait. */
export interface WaitOptions {
  readonly timeoutMs: number;
  readonly intervalMs?: number;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
}

/**
 * Repeats a probe until it has a value.
 * @throws BothyError `TIMEOUT` with title, time and evidence; `INTERRUPTED` when the signal fires.
 */
export async function waitFor<T>(probe: Probe<T>, options: WaitOptions): Promise<T> {
  const { timeoutMs, intervalMs = 100, clock = systemClock } = options;
  const deadline = clock.now() + timeoutMs;
  const signal = options.signal ?? new AbortController().signal;
  for (;;) {
    if (signal.aborted) throw new BothyError("INTERRUPTED", `interrupted while waiting for ${probe.title}`);
    const value = await probe.attempt(signal);
    if (value !== undefined) return value;
    if (clock.now() + intervalMs > deadline) throw await timeoutError(probe, timeoutMs);
    await clock.sleep(intervalMs, signal).catch(() => {});
  }
}

async function timeoutError(probe: Probe<unknown>, timeoutMs: number): Promise<BothyError> {
  const evidence = await probe.evidence?.().catch(() => undefined);
  const message = `waited ${Math.round(timeoutMs / 100) / 10} s for ${probe.title}`;
  return new BothyError("TIMEOUT", evidence ? `${message}\n${evidence}` : message, { hints: probe.hints });
}
