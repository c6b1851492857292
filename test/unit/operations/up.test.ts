import { readdir } from "node:fs/promises";
import { describe, expect, it, vi } from "vitest";
import { BothyError } from "../../../src/errors.ts";
import { listProjects, listRecords } from "../../../src/machines/index.ts";
import { destroy } from "../../../src/operations/destroy.ts";
import { up } from "../../../src/operations/up.ts";
import { type FakeLab, fakeLab } from "../../support/fake-lab.ts";
import { FAKE_STEPS } from "../../support/fake-provider.ts";
import { residueOf } from "../../support/residue.ts";

const ONE = "machines: { web: {} }\n";

/** Nothing is left of a machine that was begun: no files, no addresses, no links, nothing at the backend. */
async function expectNothing(lab: FakeLab): Promise<void> {
  expect([...lab.backends.container.resources]).toEqual([]);
  expect(await listRecords(lab.ctx.layout)).toEqual({ records: [], broken: [] });
  expect(await readdir(lab.ctx.layout.machines())).toEqual([]);
  expect(await residueOf(lab.ctx.layout)).toEqual([]);
  expect(await listProjects(lab.ctx.layout)).toEqual([]);
}

/** Ctrl-C as soon as the user has read that line. */
function abortOnce(lab: FakeLab, line: string, abort: AbortController): void {
  const timer = setInterval(() => {
    if (!lab.ctx.reporter.lines("report").some((said) => said.startsWith(line))) return;
    clearInterval(timer);
    abort.abort();
  }, 10);
}

describe("a program that ends while up waits", () => {
  it("with 0 has done its work: the machine was created, and its end is told", async () => {
    await using lab = await fakeLab(ONE);
    lab.backends.container.endsWith = 0;
    const { machines } = await up(lab.ctx, { machines: [] });
    expect(machines).toMatchObject([{ name: "web", action: "created" }]);
    expect(lab.ctx.reporter.lines("title")).toContain("web: its program ended with exit status 0");
    await destroy(lab.ctx, []);
    await expectNothing(lab);
  });

  it("with another status fails, and the machine can be looked at", async () => {
    await using lab = await fakeLab(ONE);
    lab.backends.container.endsWith = 3;
    await expect(up(lab.ctx, { machines: [] })).rejects.toMatchObject({
      code: "MACHINE_STOPPED_EARLY",
      message: expect.stringContaining("its program ended with exit status 3"),
    });
    expect((await listRecords(lab.ctx.layout)).records).toMatchObject([{ name: "web", intent: "present" }]);
    await destroy(lab.ctx, []);
    await expectNothing(lab);
  });
});

describe("an up that fails", () => {
  it.each(FAKE_STEPS)("at the provider's step %s leaves nothing of a new machine", async (step) => {
    await using lab = await fakeLab(ONE);
    lab.backends.container.faults.set(step, "fail");
    await expect(up(lab.ctx, { machines: [] })).rejects.toThrow(`the fake step ${step} failed`);
    await expectNothing(lab);
  });

  it.each(FAKE_STEPS)("by Ctrl-C at the provider's step %s leaves nothing of a new machine", async (step) => {
    await using lab = await fakeLab(ONE);
    const abort = new AbortController();
    lab.backends.container.faults.set(step, "hang");
    const attempt = up({ ...lab.ctx, signal: abort.signal }, { machines: [] });
    abortOnce(lab, `fake step ${step}`, abort);
    await expect(attempt).rejects.toMatchObject({ code: "INTERRUPTED" });
    await expectNothing(lab);
  });

  it("by Ctrl-C while it waits for a new machine leaves nothing", async () => {
    await using lab = await fakeLab(ONE);
    const abort = new AbortController();
    const attempt = up({ ...lab.ctx, signal: abort.signal }, { machines: [] });
    abortOnce(lab, "waiting for SSH", abort);
    await expect(attempt).rejects.toMatchObject({ code: "INTERRUPTED" });
    await expectNothing(lab);
  });

  it("keeps a machine that was there before, with its disk", async () => {
    await using lab = await fakeLab(ONE);
    const web = await lab.add("web");
    lab.backends.container.faults.set("process", "fail");
    await expect(up(lab.ctx, { machines: [] })).rejects.toThrow("process");
    expect((await listRecords(lab.ctx.layout)).records).toMatchObject([{ id: web.id, intent: "present" }]);
    expect(await readdir(lab.ctx.layout.machine(web.id).folder)).toContain("disk.img");
    expect([...lab.backends.container.resources]).toEqual([]);
    await destroy(lab.ctx, []);
    await expectNothing(lab);
  });

  it("because the machine never answers: its record and its backend agree, and destroy removes both", async () => {
    await using lab = await fakeLab(ONE);
    vi.stubEnv("BOTHY_BOOT_TIMEOUT", "1");
    await expect(up(lab.ctx, { machines: [] })).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining('machine "web" to answer on SSH'),
    });
    const { records } = await listRecords(lab.ctx.layout);
    const running = [...lab.backends.container.machines.values()].map(({ spec }) => spec.id);
    expect(records.map(({ id }) => id)).toEqual(running);
    await destroy(lab.ctx, []);
    await expectNothing(lab);
  });

  it("because nobody can tell whether the machine runs changes nothing", async () => {
    await using lab = await fakeLab(ONE);
    const web = await lab.add("web", { running: true });
    lab.backends.container.unreachable = new BothyError("DAEMON_UNREACHABLE", "no daemon answers");
    await expect(up(lab.ctx, { machines: [] })).rejects.toMatchObject({ code: "MACHINE_STATE" });
    expect((await listRecords(lab.ctx.layout)).records).toEqual([web]);
    expect([...lab.backends.container.resources]).not.toEqual([]);
  });
});
