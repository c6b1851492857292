import { setTimeout as delay } from "node:timers/promises";

/** Time as everything that waits sees it; tests inject their own. */
export interface Clock {
  /** Milliseconds of a steady clock. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it fires. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The real clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal ? { signal } : {});
  },
};
