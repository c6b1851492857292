import { describe, expect, it } from "vitest";
import { type Clock, type Probe, waitFor } from "../../../src/system/index.ts";

/** A clock whose time only passes while somebody sleeps on it. */
function fakeClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  let time = 1000;
  return {
    slept,
    now: () => time,
    sleep: async (ms) => {
      slept.push(ms);
      time += ms;
    },
  };
}

function probe(...answers: (string | undefined)[]): Probe<string> & { attempts: number } {
  const made = {
    title: "SSH on 10.83.0.2",
    attempts: 0,
    attempt: async () => answers[made.attempts++],
  };
  return made;
}

describe("waitFor", () => {
  it("returns the first value, without a pause when it is there at once", async () => {
    const clock = fakeClock();
    expect(await waitFor(probe("up"), { timeoutMs: 1000, clock })).toBe("up");
    expect(clock.slept).toEqual([]);
  });

  it("asks again after each interval", async () => {
    const clock = fakeClock();
    expect(await waitFor(probe(undefined, undefined, "up"), { timeoutMs: 1000, intervalMs: 50, clock })).toBe(
      "up",
    );
    expect(clock.slept).toEqual([50, 50]);
  });

  it("says what it waited for, how long, and what there was to see", async () => {
    const dead = { ...probe(), evidence: async () => "last console line", hints: ["bothy logs web"] };
    await expect(
      waitFor(dead, { timeoutMs: 1540, intervalMs: 500, clock: fakeClock() }),
    ).rejects.toMatchObject({
      code: "TIMEOUT",
      message: "waited 1.5 s for SSH on 10.83.0.2\nlast console line",
      hints: ["bothy logs web"],
    });
    expect(dead.attempts).toBeLessThanOrEqual(4);
  });

  it("never sleeps past its deadline", async () => {
    const clock = fakeClock();
    const dead = probe();
    await expect(waitFor(dead, { timeoutMs: 1000, intervalMs: 300, clock })).rejects.toThrow("waited 1 s");
    expect([dead.attempts, clock.slept]).toEqual([4, [300, 300, 300]]);
  });

  it("says it without evidence when that cannot be had", async () => {
    const dead = { ...probe(), evidence: () => Promise.reject(new Error("no console")) };
    await expect(waitFor(dead, { timeoutMs: 10, clock: fakeClock() })).rejects.toThrow(
      /for SSH on 10.83.0.2$/,
    );
  });

  it("ends with the error of a probe that throws", async () => {
    const broken = { title: "x", attempt: () => Promise.reject(new Error("it stopped")) };
    await expect(waitFor(broken, { timeoutMs: 1000, clock: fakeClock() })).rejects.toThrow("it stopped");
  });

  it("ends in the middle of a pause when the caller gives up", async () => {
    const signal = AbortSignal.timeout(30);
    const startedAt = performance.now();
    const attempt = waitFor(probe(), { timeoutMs: 60_000, intervalMs: 30_000, signal });
    await expect(attempt).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  it("does not ask at all when the caller gave up before", async () => {
    const unasked = probe("up");
    const attempt = waitFor(unasked, { timeoutMs: 1000, signal: AbortSignal.abort() });
    await expect(attempt).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(unasked.attempts).toBe(0);
  });
});
