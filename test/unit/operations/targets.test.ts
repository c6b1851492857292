import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  knownTargets,
  loadFleet,
  requireKnown,
  selectOne,
  selectTargets,
} from "../../../src/operations/targets.ts";
import { type FakeLab, fakeLab } from "../../support/fake-lab.ts";

const THREE = "machines:\n  db: {}\n  web: { count: 2 }\n";

const select = async (lab: FakeLab, ...patterns: string[]) => {
  const targets = selectTargets(await loadFleet(lab.ctx), patterns);
  return targets.map(({ name }) => name);
};

describe("selectTargets", () => {
  it("is every machine of the project without a name, in the file's order", async () => {
    await using lab = await fakeLab(THREE);
    await lab.add("web-2");
    expect(await select(lab)).toEqual(["db", "web-1", "web-2"]);
  });

  it("has machines last that the file no longer has", async () => {
    await using lab = await fakeLab(THREE);
    await lab.add("old");
    await lab.add("db");
    expect(await select(lab)).toEqual(["db", "web-1", "web-2", "old"]);
  });

  it.each([
    [["web-1"], ["web-1"]],
    [["web-*"], ["web-1", "web-2"]],
    [["w?b-2"], ["web-2"]],
    [["*"], ["db", "web-1", "web-2"]],
    [
      ["web-2", "db"],
      ["web-2", "db"],
    ],
    [
      ["web-*", "web-1", "*"],
      ["web-1", "web-2", "db"],
    ],
  ])("%j: each machine once", async (patterns, names) => {
    await using lab = await fakeLab(THREE);
    expect(await select(lab, ...patterns)).toEqual(names);
  });

  it.each(["web", "web-", "WEB-1", "web.1", "[a-z]*", ".*", "web-1\n"])(
    "%j is no machine's name",
    async (pattern) => {
      await using lab = await fakeLab(THREE);
      await expect(select(lab, pattern)).rejects.toMatchObject({
        code: "MACHINE_UNKNOWN",
        message: `no machine matches "${pattern}"`,
        hints: ["this project has: db, web-1, web-2", expect.stringContaining("bothy status --all")],
      });
    },
  );

  it("takes a beginning of an id, also of machines elsewhere", async () => {
    await using lab = await fakeLab(THREE);
    const [own, foreign] = [await lab.add("db"), await lab.addElsewhere("mail")];
    expect(await select(lab, own.id.slice(0, 6), foreign.id)).toEqual(["db", "mail"]);
  });

  it("never takes a machine elsewhere by its name", async () => {
    await using lab = await fakeLab(THREE);
    await lab.addElsewhere("mail");
    await expect(select(lab, "mail")).rejects.toMatchObject({ code: "MACHINE_UNKNOWN" });
  });

  it("works outside of any project by id, and says so without one", async () => {
    await using lab = await fakeLab();
    const foreign = await lab.addElsewhere("mail");
    expect(await select(lab, foreign.id.slice(0, 8))).toEqual(["mail"]);
    await expect(select(lab)).rejects.toMatchObject({ code: "CONFIG_MISSING", exit: 2 });
  });

  it("finds a damaged machine by its id", async () => {
    await using lab = await fakeLab(THREE);
    const { id } = await lab.add("db");
    await truncate(lab.ctx.layout.machine(id).state, 10);
    const [target] = selectTargets(await loadFleet(lab.ctx), [id.slice(0, 6)]);
    expect(target).toMatchObject({ name: id, broken: { id } });
    expect(() => target && requireKnown(target)).toThrow("it is no JSON");
  });
});

describe("selectOne", () => {
  it("is the project's only machine without a name", async () => {
    await using lab = await fakeLab("machines: { web: {} }\n");
    expect(selectOne(await loadFleet(lab.ctx), undefined).name).toBe("web");
  });

  it.each([
    [undefined, "which machine? The project has db, web-1, web-2"],
    ["web-*", 'which machine? "web-*" matches web-1, web-2'],
  ])("asks when %s leaves several", async (pattern, message) => {
    await using lab = await fakeLab(THREE);
    const fleet = await loadFleet(lab.ctx);
    expect(() => selectOne(fleet, pattern)).toThrow(
      expect.objectContaining({ code: "MACHINE_AMBIGUOUS", message, exit: 2 }),
    );
  });
});

describe("loadFleet", () => {
  it("fails for a project file with problems, and needs one only when asked", async () => {
    await using lab = await fakeLab("machines: { web: { memry: 1GiB } }\n");
    await expect(loadFleet(lab.ctx)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await using none = await fakeLab();
    expect((await loadFleet(none.ctx)).project).toBeUndefined();
    await expect(loadFleet(none.ctx, { needsProject: true })).rejects.toMatchObject({
      code: "CONFIG_MISSING",
    });
  });

  it("passes the file's warnings on", async () => {
    await using lab = await fakeLab(THREE);
    await writeFile(join(lab.folder, "bothy.yml"), "name: other\n");
    await loadFleet(lab.ctx);
    expect(lab.ctx.reporter.lines("warn")).toEqual([expect.stringContaining('"bothy.yml" lies beside it')]);
  });
});

describe("machines that do not exist yet", () => {
  it("are left out where that is no failure, and named where it is", async () => {
    await using lab = await fakeLab(THREE);
    const db = await lab.add("db");
    const { machines } = await loadFleet(lab.ctx);
    expect(knownTargets(machines).map(({ record }) => record.id)).toEqual([db.id]);
    const absent = machines.find(({ name }) => name === "web-1");
    expect(() => absent && requireKnown(absent)).toThrow(
      expect.objectContaining({ code: "MACHINE_STATE", exit: 3, hints: ["bothy up web-1"] }),
    );
  });
});
