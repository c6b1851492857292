import { appendFile, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { consoleTail, logs } from "../../../src/operations/logs.ts";
import { type FakeLab, fakeLab } from "../../support/fake-lab.ts";

const ONE = "machines: { web: {} }\n";

const linesOf = async (lab: FakeLab, options: { machines?: string[]; tail?: number } = {}) => {
  const lines: string[] = [];
  await logs(lab.ctx, { machines: [], ...options, onLine: (name, line) => lines.push(`${name} ${line}`) });
  return lines;
};

const say = async (lab: FakeLab, text: string) => {
  const web = await lab.add("web");
  await writeFile(lab.ctx.layout.machine(web.id).console, text);
  return web;
};

describe("logs", () => {
  it("shows every line of a console", async () => {
    await using lab = await fakeLab(ONE);
    await say(lab, "one\r\ntwo\nthree");
    expect(await linesOf(lab)).toEqual(["web one", "web two", "web three"]);
  });

  it.each([
    [0, []],
    [2, ["web two", "web three"]],
    [9, ["web one", "web two", "web three"]],
  ])("shows only the last %i lines", async (tail, lines) => {
    await using lab = await fakeLab(ONE);
    await say(lab, "one\ntwo\nthree\n");
    expect(await linesOf(lab, { tail })).toEqual(lines);
  });

  it("takes away what only a terminal or the log's format needs", async () => {
    await using lab = await fakeLab(ONE);
    const stamp = "2026-01-01T00:00:00.000000000+00:00 stdout F ";
    await say(lab, `${stamp}\u001b[32m  OK  \u001b[0m Reached\u001b[K\u001b(B target\n`);
    expect(await linesOf(lab)).toEqual(["web   OK   Reached target"]);
  });

  it("is nothing for a machine that never said anything, and fails for a name that does not exist yet", async () => {
    await using lab = await fakeLab(ONE);
    expect(await linesOf(lab)).toEqual([]);
    await expect(linesOf(lab, { machines: ["web"] })).rejects.toMatchObject({ code: "MACHINE_STATE" });
  });

  it("follows what is added until it is interrupted", async () => {
    await using lab = await fakeLab(ONE);
    const web = await say(lab, "one\n");
    const abort = new AbortController();
    const lines: string[] = [];
    const ctx = { ...lab.ctx, signal: abort.signal };
    const following = logs(ctx, { machines: [], follow: true, onLine: (_, line) => lines.push(line) });
    await delay(50);
    const path = ctx.layout.machine(web.id).console;
    await appendFile(path, "two\nthr");
    await delay(300);
    await appendFile(path, "ee\n");
    await delay(300);
    abort.abort();
    await following;
    expect(lines).toEqual(["one", "two", "three"]);
  });
});

describe("consoleTail", () => {
  it("is the last lines that say something, for error messages", async () => {
    await using lab = await fakeLab(ONE);
    const web = await say(lab, `${Array.from({ length: 40 }, (_, n) => `line ${n}\n\n`).join("")}`);
    const tail = await consoleTail(lab.ctx, web);
    expect(tail?.split("\n")).toHaveLength(16);
    expect(tail).toMatch(/^last lines of its console:\n {2}\| line 25\n(?:.*\n)* {2}\| line 39$/);
  });

  it("is nothing for a machine that said nothing", async () => {
    await using lab = await fakeLab(ONE);
    expect(await consoleTail(lab.ctx, await say(lab, "\n\n"))).toBeUndefined();
  });
});
