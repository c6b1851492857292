import { setTimeout } from "node:timers/promises";
import { expect, it } from "vitest";
import { gate, slots } from "../../../../src/boxes/image/slots.ts";

it("lets so many in at once, in the order in which they asked, whatever becomes of them", async () => {
  const room = slots(2);
  const begun: number[] = [];
  let inside = 0;
  const work = (number: number) =>
    room.use(async () => {
      begun.push(number);
      expect(++inside).toBeLessThanOrEqual(2);
      await setTimeout(5 - number);
      inside--;
      if (number === 1) throw new Error("broken");
      return number;
    });
  const outcomes = await Promise.allSettled([0, 1, 2, 3, 4].map(work));
  expect(outcomes.map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    ...Array(3).fill("fulfilled"),
  ]);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});

it("opens a gate once and for all", async () => {
  const door = gate();
  let isOpen = false;
  const passed = door.opened.then(() => (isOpen = true));
  await setTimeout(1);
  expect(isOpen).toBe(false);
  door.open();
  door.open();
  await passed;
  await door.opened;
});
