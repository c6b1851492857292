import { describe, expect, it } from "vitest";
import { BothyError } from "../../../src/errors.ts";
import { writeRecord } from "../../../src/machines/index.ts";
import { liveStates } from "../../../src/operations/live.ts";
import { status } from "../../../src/operations/status.ts";
import { fakeLab } from "../../support/fake-lab.ts";

const TWO = "machines: { db: { isolation: vm }, web: {} }\n";

describe("liveStates", () => {
  it("says what each machine's own backends say", async () => {
    await using lab = await fakeLab(TWO);
    const [db, web] = [await lab.add("db", { isolation: "vm", running: true }), await lab.add("web")];
    const live = await liveStates(lab.ctx, [db, web]);
    expect(live.get(db.id)).toMatchObject({ state: "running", isolation: "vm", uptimeS: 0 });
    expect(live.get(web.id)).toEqual({ state: "stopped", isolation: "container" });
  });

  it("says unknown, never gone, where a backend cannot be asked, and is right about the other level", async () => {
    await using lab = await fakeLab(TWO);
    const [db, web] = [
      await lab.add("db", { isolation: "vm", running: true }),
      await lab.add("web", { running: true }),
    ];
    lab.backends.vm.unreachable = new BothyError("DAEMON_UNREACHABLE", "no libvirt daemon answers");
    const live = await liveStates(lab.ctx, [db, web]);
    expect(live.get(db.id)).toMatchObject({ state: "unknown", reason: "no libvirt daemon answers" });
    expect(live.get(web.id)).toMatchObject({ state: "running" });
  });

  it("finds a machine that ran at both levels where it runs, also while the other cannot be asked", async () => {
    await using lab = await fakeLab(TWO);
    const web = await lab.add("web", { running: true });
    const both = { ...web, ranAt: ["vm", "container"] as const };
    lab.backends.vm.unreachable = new BothyError("DAEMON_UNREACHABLE", "no daemon");
    const live = await liveStates(lab.ctx, [{ ...both, ranAt: [...both.ranAt] }]);
    expect(live.get(web.id)).toMatchObject({ state: "running", isolation: "container" });
  });

  it("says why a machine ended", async () => {
    await using lab = await fakeLab(TWO);
    const web = await lab.add("web", { running: true });
    await lab.backends.container.crash(lab.ctx.layout.tag, web.id);
    expect((await liveStates(lab.ctx, [web])).get(web.id)).toMatchObject({
      state: "stopped",
      reason: "its processes were killed (signal 9)",
    });
  });

  it("shows a creation that was interrupted as broken", async () => {
    await using lab = await fakeLab(TWO);
    const web = { ...(await lab.add("web")), intent: "creating" as const };
    await writeRecord(lab.ctx.layout, web);
    expect((await liveStates(lab.ctx, [web])).get(web.id)).toMatchObject({
      state: "broken",
      reason: "creating was interrupted",
    });
  });
});

describe("status", () => {
  it("shows machines that are up, down and not there yet", async () => {
    await using lab = await fakeLab(TWO);
    const web = await lab.add("web", { running: true, memoryMiB: 300 });
    const { project, machines } = await status(lab.ctx, { machines: [] });
    expect(project).toEqual({ id: web.project.id, name: "shop", path: lab.folder });
    expect(machines).toMatchObject([
      { name: "db", id: null, state: "absent", isolation: "vm", ip: null, diskUsedMiB: null, reason: null },
      { name: "web", id: web.id, state: "running", isolation: "container", provider: "fake", memoryMiB: 300 },
    ]);
  });

  it("shows every machine of the host with --all, also from a folder with a broken project file", async () => {
    await using lab = await fakeLab("machines: [");
    const mail = await lab.addElsewhere("mail");
    const { project, machines } = await status(lab.ctx, { machines: [], all: true });
    expect(project).toBeNull();
    expect(machines).toMatchObject([{ name: "mail", id: mail.id, project: mail.project.path }]);
    expect(lab.ctx.reporter.lines("warn")).toHaveLength(1);
  });
});
