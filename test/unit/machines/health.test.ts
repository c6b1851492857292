import { expect, it } from "vitest";
import { healthFact } from "../../../src/machines/health.ts";
import { machineRecord } from "../../support/record.ts";

const { box } = machineRecord();

function factOf(healthcheck: NonNullable<typeof box.healthcheck>, more: Partial<typeof box> = {}) {
  return healthFact({ box: { ...box, command: ["serve"], healthcheck, ...more } });
}

it.each([
  [{ test: ["CMD", "check", "it's up"] }, "30 30 0 3 check 'it'\\''s up'"],
  [{ test: ["CMD", "a=b"] }, "30 30 0 3 a=b"],
  [
    { test: ["CMD-SHELL", "curl -f localhost || exit 1"], intervalMs: 500, timeoutMs: 1500, retries: 5 },
    "0.5 2 0 5 /bin/sh -c 'curl -f localhost || exit 1'",
  ],
  [{ test: ["CMD", "x"], intervalMs: 0, timeoutMs: 0, retries: 0, startPeriodMs: 61_000 }, "30 30 61 3 x"],
])("%j is %s", (healthcheck, fact) => {
  expect(factOf(healthcheck)).toBe(fact);
});

it.each([
  ["NONE", { test: ["NONE"] }, {}],
  ["an empty test", { test: [] }, {}],
  ["no command", { test: ["CMD"] }, {}],
  ["a box with an init of its own", { test: ["CMD", "x"] }, { init: "/sbin/init" }],
])("%s is none", (_, healthcheck, more) => {
  expect(factOf(healthcheck, more)).toBeUndefined();
});

it("is none where the image says nothing", () => {
  expect(healthFact({ box: { ...box, command: ["serve"] } })).toBeUndefined();
});
