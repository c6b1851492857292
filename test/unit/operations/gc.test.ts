import { existsSync } from "node:fs";
import { mkdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listProjects, listRecords, readRecord, writeRecord } from "../../../src/machines/index.ts";
import { allocate } from "../../../src/network/index.ts";
import type { Context } from "../../../src/operations/context.ts";
import { gc } from "../../../src/operations/gc.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { tryLock, writeJson } from "../../../src/system/index.ts";
import { type FakeLab, fakeLab } from "../../support/fake-lab.ts";

const ONE = "machines: { web: {} }\n";
const NO_ID = "abcdefabcdef";

/** The lab's context, in which the first question what runs is answered by `answer`; what comes after is true. */
function firstAnswered(
  lab: FakeLab,
  answer: (provider: Provider) => ReturnType<Provider["inspect"]>,
): Context {
  let asked = false;
  const get: Context["providers"]["get"] = async (isolation) => {
    const provider = await lab.ctx.providers.get(isolation);
    const inspect = () => {
      if (asked || isolation !== "container") return provider.inspect();
      asked = true;
      return answer(provider);
    };
    return { ...provider, inspect };
  };
  return { ...lab.ctx, providers: { ...lab.ctx.providers, get } };
}

/** A machine whose making was interrupted. */
async function halfMade(lab: FakeLab, wish: { running?: boolean } = {}) {
  const web = await lab.add("web", wish);
  const half = { ...web, intent: "creating" } as const;
  await writeRecord(lab.ctx.layout, half);
  return half;
}

describe("gc of machines", () => {
  it("removes one that was half made, and with dryRun only lists it", async () => {
    await using lab = await fakeLab(ONE);
    const web = await halfMade(lab);
    const listed = await gc(lab.ctx, { dryRun: true });
    expect(listed.found).toMatchObject([{ kind: "machine", name: "web (creating was interrupted)" }]);
    expect((await listRecords(lab.ctx.layout)).records).toEqual([web]);
    const { found } = await gc(lab.ctx, {});
    expect(found).toEqual([...listed.found, { kind: "project", name: lab.folder }]);
    expect(await listRecords(lab.ctx.layout)).toEqual({ records: [], broken: [] });
  });

  it("keeps one that has come up since it was listed", async () => {
    await using lab = await fakeLab(ONE);
    const web = await halfMade(lab, { running: true });
    const ctx = firstAnswered(lab, async (provider) => {
      await writeRecord(lab.ctx.layout, { ...web, intent: "present" }); // an `up` gets there at this moment
      return provider.inspect();
    });
    expect((await gc(ctx, {})).found).toEqual([]);
    expect((await readRecord(lab.ctx.layout, web.id)).intent).toBe("present");
    expect([...lab.backends.container.resources]).not.toEqual([]);
  });

  it("leaves a run that was dead when it was listed and is alive again", async () => {
    await using lab = await fakeLab(ONE);
    await lab.add("web", { running: true });
    const ctx = firstAnswered(lab, async (provider) => {
      const live = [...(await provider.inspect())];
      return new Map(live.map(([id, machine]) => [id, { ...machine, state: "stopped" }]));
    });
    expect((await gc(ctx, {})).found).toEqual([]);
    expect([...lab.backends.container.resources]).not.toEqual([]);
  });

  it("ends a run that no machine belongs to", async () => {
    await using lab = await fakeLab(ONE);
    const web = await lab.add("web", { running: true });
    await rm(lab.ctx.layout.machine(web.id).folder, { recursive: true });
    expect((await gc(lab.ctx, {})).found).toMatchObject([{ kind: "container", name: `web (${web.id})` }, {}]);
    expect([...lab.backends.container.resources]).toEqual([]);
  });

  it("neither touches nor lists what another process works on", async () => {
    await using lab = await fakeLab(ONE);
    const web = await halfMade(lab);
    await mkdir(lab.ctx.layout.machine(NO_ID).folder);
    await using _web = await tryLock(lab.ctx.layout.lock(`machine-${web.id}`));
    await using _folder = await tryLock(lab.ctx.layout.lock(`machine-${NO_ID}`));
    expect((await gc(lab.ctx, {})).found).toEqual([]);
    expect((await listRecords(lab.ctx.layout)).records).toEqual([web]);
    expect(existsSync(lab.ctx.layout.machine(NO_ID).folder)).toBe(true);
  });

  it("removes a folder that holds no machine", async () => {
    await using lab = await fakeLab(ONE);
    const { folder, seed } = lab.ctx.layout.machine(NO_ID);
    await mkdir(seed, { recursive: true });
    expect((await gc(lab.ctx, {})).found).toEqual([{ kind: "machine", name: `${NO_ID} (an empty folder)` }]);
    expect(existsSync(folder)).toBe(false);
  });
});

describe("gc of projects", () => {
  /** A project without machines. */
  async function emptyProject(lab: FakeLab) {
    const { id, project } = await lab.add("web");
    await rm(lab.ctx.layout.machine(id).folder, { recursive: true });
    return project;
  }

  it("keeps one that a living process is about to make machines of", async () => {
    await using lab = await fakeLab(ONE);
    const project = await emptyProject(lab);
    const users = join(lab.ctx.layout.project(project.id).folder, "users");
    await writeFile(join(users, String(process.ppid)), "");
    expect((await gc(lab.ctx, {})).found).toEqual([]);
    expect(await listProjects(lab.ctx.layout)).toMatchObject([project]);
    await rm(join(users, String(process.ppid)));
    await writeFile(join(users, "4194305"), ""); // above the highest pid there can be
    expect((await gc(lab.ctx, {})).found).toEqual([{ kind: "project", name: lab.folder }]);
  });

  it("keeps one whose lock another process has", async () => {
    await using lab = await fakeLab(ONE);
    const project = await emptyProject(lab);
    await using _ = await tryLock(lab.ctx.layout.lock(`project-${project.id}`));
    expect((await gc(lab.ctx, {})).found).toEqual([]);
    expect(await listProjects(lab.ctx.layout)).toMatchObject([project]);
  });

  it("keeps that of a machine that cannot be read, and no other for its sake", async () => {
    await using lab = await fakeLab(ONE);
    const mail = await lab.addElsewhere("mail");
    await allocate(lab.ctx.layout, mail.project.id, [mail.id]);
    await writeFile(lab.ctx.layout.machine(mail.id).state, "{");
    await emptyProject(lab);
    expect((await gc(lab.ctx, {})).found).toEqual([{ kind: "project", name: lab.folder }]);
    expect(await listProjects(lab.ctx.layout)).toMatchObject([mail.project]);
    expect((await listRecords(lab.ctx.layout)).broken).toMatchObject([{ id: mail.id }]);
  });

  it("keeps every one that a machine without an address may be of", async () => {
    await using lab = await fakeLab(ONE);
    const mail = await lab.addElsewhere("mail");
    await writeFile(lab.ctx.layout.machine(mail.id).state, "{");
    await emptyProject(lab);
    expect((await gc(lab.ctx, {})).found).toEqual([]);
  });
});

describe("gc of images", () => {
  async function oldImages(lab: FakeLab) {
    const { layout } = lab.ctx;
    const digest = "e".repeat(64);
    await mkdir(layout.artefact("kernel", digest));
    for (const kind of ["kernel", "tools"]) await utimes(join(layout.artefacts(kind), "current.json"), 0, 0);
    await writeFile(layout.layer(digest), "");
    await mkdir(join(layout.temporary(), "box-debian-12", "tree"), { recursive: true });
    return { layer: layout.layer(digest), kernel: layout.artefact("kernel", digest) };
  }
  const BUILD = { kind: "build", name: "box-debian-12" };
  const LAYER = { kind: "layer", name: "eeeeeeeeeeee" };
  const KERNEL = { kind: "kernel", name: "eeeeeeeeeeee" };

  it("removes what nobody needs, and with dryRun only lists it", async () => {
    await using lab = await fakeLab(ONE);
    const { layer, kernel } = await oldImages(lab);
    expect((await gc(lab.ctx, { dryRun: true })).found).toEqual([BUILD, LAYER, KERNEL]);
    expect([layer, kernel].map(existsSync)).toEqual([true, true]);
    expect((await gc(lab.ctx, {})).found).toEqual([BUILD, LAYER, KERNEL]);
    expect([layer, kernel].map(existsSync)).toEqual([false, false]);
    expect((await gc(lab.ctx, {})).found).toEqual([]);
  });

  it("keeps earlier artefacts while any machine runs", async () => {
    await using lab = await fakeLab(ONE);
    const { kernel } = await oldImages(lab);
    await lab.add("web", { running: true });
    expect((await gc(lab.ctx, {})).found).toEqual([BUILD, LAYER]);
    expect(existsSync(kernel)).toBe(true);
  });

  it("keeps all layers and artefacts while a machine cannot be read, which may need any", async () => {
    await using lab = await fakeLab(ONE);
    const { layer } = await oldImages(lab);
    const web = await lab.add("web");
    await writeJson(lab.ctx.layout.machine(web.id).state, {});
    expect((await gc(lab.ctx, {})).found).toEqual([BUILD]);
    expect(existsSync(layer)).toBe(true);
    expect(lab.ctx.reporter.lines("warn")).toEqual([
      `not everything could be removed: the machine ${web.id} cannot be read: \`bothy status --all\``,
    ]);
  });

  it("removes downloads that nobody went on with for a day, and disks that no box has", async () => {
    await using lab = await fakeLab(ONE);
    const { layout } = lab.ctx;
    await mkdir(layout.downloads());
    await mkdir(layout.disks());
    await writeFile(join(layout.downloads(), "young.part"), "");
    await writeFile(layout.disk("e".repeat(64)), "");
    expect((await gc(lab.ctx, {})).found).toEqual([{ kind: "disk", name: "eeeeeeeeeeee" }]);
    expect(existsSync(join(layout.downloads(), "young.part"))).toBe(true);
  });
});

it("removes files of locks that nobody took for a day", async () => {
  await using lab = await fakeLab(ONE);
  const [old, young] = ["layer-old", "layer-young"].map((name) => lab.ctx.layout.lock(name));
  for (const path of [old, young]) await (await tryLock(path ?? ""))?.[Symbol.asyncDispose]();
  await utimes(old ?? "", 0, 0);
  await gc(lab.ctx, { dryRun: true });
  expect([old, young].map((path) => existsSync(path ?? ""))).toEqual([true, true]);
  await gc(lab.ctx, {});
  expect([old, young].map((path) => existsSync(path ?? ""))).toEqual([false, true]);
});
