import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { plainReporter, silentReporter } from "../../../src/ui/index.ts";

const failing = { title: "db", run: () => Promise.reject(new Error("no room")) };
const working = {
  title: "web",
  run: async ({ report, title }: { report(line: string): void; title(text: string): void }) => {
    report("starting");
    report("starting");
    report("waiting");
    title("web is up");
    return 7;
  },
};

describe("plainReporter", () => {
  it("writes a line for every change, and what became of each task", async () => {
    const lines: string[] = [];
    const outcomes = await plainReporter((line) => lines.push(line)).tasks([working, failing]);
    expect(outcomes).toMatchObject([
      { ok: true, value: 7 },
      { ok: false, error: { message: "no room" } },
    ]);
    expect(lines.sort()).toEqual(["db: failed", "web is up", "web: starting", "web: waiting"]);
  });

  it("says done for a task that says nothing", async () => {
    const lines: string[] = [];
    await plainReporter((line) => lines.push(line)).tasks([{ title: "web", run: async () => 1 }]);
    expect(lines).toEqual(["web: done"]);
  });

  it("marks warnings and passes remarks on", () => {
    const lines: string[] = [];
    const reporter = plainReporter((line) => lines.push(line));
    reporter.warn("no KVM");
    reporter.info("mending");
    expect(lines).toEqual(["warning: no KVM", "mending"]);
  });
});

describe("silentReporter", () => {
  it("says nothing but warnings, and runs everything", async () => {
    const lines: string[] = [];
    const reporter = silentReporter((line) => lines.push(line));
    const outcomes = await reporter.tasks([working, failing]);
    reporter.warn("no KVM");
    reporter.info("mending");
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false]);
    expect(lines).toEqual(["warning: no KVM"]);
  });
});

describe("parallel tasks", () => {
  it.each([
    [1, 1],
    [2, 2],
    [9, 5],
    [undefined, 5],
  ])("at most %s of five at once", async (parallel, most) => {
    let [now, peak] = [0, 0];
    const tasks = [0, 1, 2, 3, 4].map((value) => ({
      title: String(value),
      run: async () => {
        now += 1;
        peak = Math.max(peak, now);
        await delay(value === 0 ? 30 : 5);
        now -= 1;
        return value;
      },
    }));
    const outcomes = await silentReporter().tasks(tasks, { parallel });
    expect(peak).toBe(most);
    expect(outcomes).toEqual([0, 1, 2, 3, 4].map((value) => ({ ok: true, value })));
  });

  it("none at all is no error", async () => {
    expect(await silentReporter().tasks([])).toEqual([]);
  });
});
