import { describe, expect, test } from "vitest";
import {
  EventOverflowError,
  EventQueue,
  type EventSink,
  SharedRegistration,
  Subscription,
} from "../../../src/libvirt/events/index.ts";

async function opened() {
  let sink: EventSink<number> | undefined;
  let stops = 0;
  const subscription = await Subscription.open<number>(async (given) => {
    sink = given;
    given.push(0);
    return async () => {
      stops += 1;
    };
  });
  if (!sink) throw new Error("not started");
  return { subscription, sink, stops: () => stops };
}

describe("Subscription", () => {
  test("keeps events in order from its start, and waits for those to come", async () => {
    const { subscription, sink } = await opened();
    sink.push(1);
    expect(await subscription.next()).toBe(0);
    expect(await subscription.next()).toBe(1);
    const [second, third] = [subscription.next(), subscription.next()];
    sink.push(2);
    sink.push(3);
    expect(await Promise.all([second, third])).toEqual([2, 3]);
  });

  test("next skips what is not wanted and can be aborted without losing events", async () => {
    const { subscription, sink } = await opened();
    const controller = new AbortController();
    const even = subscription.next((value) => value > 0 && value % 2 === 0, { signal: controller.signal });
    sink.push(1);
    sink.push(2);
    expect(await even).toBe(2);
    const waiting = subscription.next(undefined, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(subscription.next(undefined, { signal: controller.signal })).rejects.toThrow("enough");
    sink.push(3);
    expect(await subscription.next()).toBe(3);
  });

  test("a loop ends when the subscription is disposed, which stops the source once", async () => {
    const { subscription, sink, stops } = await opened();
    const seen: number[] = [];
    const loop = (async () => {
      for await (const event of subscription) seen.push(event);
    })();
    sink.push(1);
    await new Promise(setImmediate);
    const waiting = subscription.next();
    await Promise.all([subscription[Symbol.asyncDispose](), subscription[Symbol.asyncDispose]()]);
    await loop;
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
    sink.push(9);
    expect(seen).toEqual([0, 1]);
    expect(stops()).toBe(1);
  });

  test("a failure comes after the events before it, to everyone and again", async () => {
    const { subscription, sink } = await opened();
    sink.fail(new Error("gone"));
    expect(await subscription.next()).toBe(0);
    await expect(subscription.next()).rejects.toThrow("gone");
    await expect(subscription.next()).rejects.toThrow("gone");
  });
});

test("events that nobody reads are bounded", async () => {
  const queue = new EventQueue<string>(2);
  for (const event of ["a", "b", "c", "d"]) queue.push(event);
  expect([await queue.take(), await queue.take()]).toEqual(["a", "b"]);
  await expect(queue.take()).rejects.toThrow(EventOverflowError);
});

function counted(fail: () => boolean = () => false) {
  const log: string[] = [];
  let handles = 0;
  const shared = new SharedRegistration(
    async () => {
      await new Promise(setImmediate);
      if (fail()) throw new Error("refused");
      handles += 1;
      log.push(`+${handles}`);
      return handles;
    },
    async (handle) => {
      await new Promise(setImmediate);
      log.push(`-${handle}`);
    },
  );
  return { shared, log };
}

test("one registration serves all users at a time", async () => {
  const { shared, log } = counted();
  await Promise.all([shared.acquire(), shared.acquire(), shared.acquire()]);
  await Promise.all([shared.release(), shared.release()]);
  expect(log).toEqual(["+1"]);
  await shared.release();
  expect(log).toEqual(["+1", "-1"]);
});

test("the last release and the next acquire do not overlap", async () => {
  const { shared, log } = counted();
  await shared.acquire();
  const released = shared.release();
  await shared.acquire();
  await released;
  await shared.release();
  expect(["+1,-1", "+1,-1,+2,-2"]).toContain(log.join());
});

test("a refused registration holds nothing and can be tried again", async () => {
  let refuse = true;
  const { shared, log } = counted(() => refuse);
  await expect(shared.acquire()).rejects.toThrow("refused");
  refuse = false;
  await shared.acquire();
  await shared.release();
  expect(log).toEqual(["+1", "-1"]);
});
