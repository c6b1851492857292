import { existsSync } from "node:fs";
import { mkdir, truncate, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { BothyError } from "../../../src/errors.ts";
import { listRecords, readProjectId } from "../../../src/machines/index.ts";
import { destroy, destroyable } from "../../../src/operations/destroy.ts";
import { halt } from "../../../src/operations/halt.ts";
import { run } from "../../../src/system/index.ts";
import { fakeLab } from "../../support/fake-lab.ts";

const TWO = "machines: { db: { isolation: vm }, web: {} }\n";

describe("halt", () => {
  it("stops what runs and leaves the rest, and twice is no failure", async () => {
    await using lab = await fakeLab(TWO);
    const [db, web] = [await lab.add("db", { isolation: "vm", running: true }), await lab.add("web")];
    expect(await halt(lab.ctx, { machines: [] })).toEqual({
      machines: [
        { name: "db", id: db.id, action: "stopped" },
        { name: "web", id: web.id, action: "unchanged" },
      ],
    });
    expect([...lab.backends.vm.resources]).toEqual([]);
    expect((await halt(lab.ctx, { machines: ["db"] })).machines).toMatchObject([{ action: "unchanged" }]);
  });

  it("fails for a machine that nobody can tell the state of, and stops the others", async () => {
    await using lab = await fakeLab(TWO);
    await lab.add("db", { isolation: "vm", running: true });
    await lab.add("web", { running: true });
    lab.backends.vm.unreachable = new BothyError("DAEMON_UNREACHABLE", "no daemon answers");
    await expect(halt(lab.ctx, { machines: [] })).rejects.toMatchObject({
      code: "MACHINE_STATE",
      message: 'cannot tell whether machine "db" runs: no daemon answers',
    });
    expect([...lab.backends.container.resources]).toEqual([]);
    expect([...lab.backends.vm.resources]).not.toEqual([]);
  });
});

describe("destroy", () => {
  it("removes machines with all they wrote, and the project with the last of them", async () => {
    await using lab = await fakeLab(TWO);
    const web = await lab.add("web", { running: true });
    expect((await destroyable(lab.ctx, [])).map(({ name }) => name)).toEqual(["web"]);
    expect(await destroy(lab.ctx, [])).toEqual({
      machines: [
        { name: "db", id: null, action: "unchanged" },
        { name: "web", id: web.id, action: "destroyed" },
      ],
    });
    expect([...lab.backends.container.resources]).toEqual([]);
    expect(existsSync(lab.ctx.layout.machine(web.id).folder)).toBe(false);
    expect(await readProjectId(lab.folder)).toBeUndefined();
  });

  it("keeps the other machines of the project, and everything of another", async () => {
    await using lab = await fakeLab(TWO);
    const [db, mail] = [await lab.add("db", { isolation: "vm" }), await lab.addElsewhere("mail")];
    await lab.add("web");
    await destroy(lab.ctx, ["web"]);
    const { records } = await listRecords(lab.ctx.layout);
    expect(records.map(({ id }) => id).sort()).toEqual([db.id, mail.id].sort());
    expect(await readProjectId(lab.folder)).toBe(db.project.id);
  });

  it("works on a full disk: it is how one makes room", async () => {
    await using lab = await fakeLab(TWO);
    const machines = lab.ctx.layout.machines();
    await mkdir(machines, { recursive: true });
    await run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", machines]);
    try {
      await lab.add("web", { running: true, diskMiB: 64 });
      await writeFile(`${machines}/filler`, Buffer.alloc(16 << 20)).catch(() => {});
      expect((await destroy(lab.ctx, ["web"])).machines).toMatchObject([{ action: "destroyed" }]);
      expect(await listRecords(lab.ctx.layout)).toEqual({ records: [], broken: [] });
    } finally {
      await run(["umount", machines]);
    }
  });

  it("removes a machine with a damaged record, by its id", async () => {
    await using lab = await fakeLab(TWO);
    const web = await lab.add("web", { running: true });
    await truncate(lab.ctx.layout.machine(web.id).state, 20);
    expect((await destroy(lab.ctx, [web.id])).machines).toMatchObject([{ action: "destroyed" }]);
    expect([...lab.backends.container.resources]).toEqual([]);
    expect(await listRecords(lab.ctx.layout)).toEqual({ records: [], broken: [] });
  });

  it("keeps every file of a machine that could not be stopped, removes the others, and can be repeated", async () => {
    await using lab = await fakeLab(TWO);
    const db = await lab.add("db", { isolation: "vm", running: true });
    await lab.add("web", { running: true });
    lab.backends.vm.unreachable = new BothyError("DAEMON_UNREACHABLE", "no daemon answers");
    await expect(destroy(lab.ctx, [])).rejects.toMatchObject({ code: "DAEMON_UNREACHABLE" });
    expect((await listRecords(lab.ctx.layout)).records).toMatchObject([{ id: db.id, intent: "destroying" }]);
    expect(existsSync(lab.ctx.layout.machine(db.id).disk)).toBe(true);
    lab.backends.vm.unreachable = undefined;
    await destroy(lab.ctx, []);
    expect(await listRecords(lab.ctx.layout)).toEqual({ records: [], broken: [] });
  });
});
