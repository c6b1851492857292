import { expect, test } from "vitest";
import { SharedRegistration } from "../../../../src/libvirt/events/index.ts";

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
