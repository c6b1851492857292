import { expect, test, vi } from "vitest";
import { askToStop } from "../../../../src/providers/libvirt/stop.ts";
import type { Clock } from "../../../../src/system/index.ts";

/** A clock that runs as fast as it is asked to. */
function fastClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  };
}

const never = new Promise<never>(() => {});

test("the button is pressed every second until the deadline", async () => {
  const press = vi.fn(async () => {});
  expect(await askToStop(press, never, { deadlineMs: 3500, clock: fastClock() })).toBe(false);
  expect(press).toHaveBeenCalledTimes(5); // 0, 1, 2, 3 and 3.5 s
});

test("a machine that is gone is not asked again", async () => {
  let gone = () => {};
  const ended = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const press = vi.fn(async () => gone());
  const clock: Clock = { now: () => 0, sleep: () => never };
  expect(await askToStop(press, ended, { deadlineMs: 1000, clock })).toBe(true);
  expect(press).toHaveBeenCalledOnce();
});

test("an interruption ends the wait at once", async () => {
  const abort = new AbortController();
  const clock: Clock = { now: () => 0, sleep: () => never };
  const waiting = askToStop(async () => {}, never, { deadlineMs: 1000, clock, signal: abort.signal });
  abort.abort();
  await expect(waiting).rejects.toMatchObject({ code: "INTERRUPTED" });
});

test("a daemon that is lost while the button is pressed is one failure, heard of by who waits", async () => {
  const unheard = vi.fn();
  process.on("unhandledRejection", unheard);
  const lost = new Error("lost");
  const press = () => new Promise<void>((_, reject) => setTimeout(() => reject(lost), 20));
  const gone = Promise.reject(lost);
  gone.catch(() => {}); // as `endDomain` does
  await expect(askToStop(press, gone, { deadlineMs: 1000 })).rejects.toBe(lost);
  process.off("unhandledRejection", unheard);
  expect(unheard).not.toHaveBeenCalled();
});
