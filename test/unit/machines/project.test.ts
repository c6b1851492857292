import { cp, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ensureProject, forgetProject, listProjects, readProjectId } from "../../../src/machines/index.ts";
import { tempHome } from "../../support/temp-home.ts";

const pointer = (folder: string) => join(folder, ".bothy", "project.json");

describe("ensureProject", () => {
  it("gives a folder an identity, once", async () => {
    await using home = await tempHome();
    const folder = await home.sub("shop");
    expect(await readProjectId(folder)).toBeUndefined();
    const project = await ensureProject(home.layout, folder, "shop");
    expect(project).toEqual({
      version: 1,
      id: expect.stringMatching(/^[0-9a-f]{8}$/),
      name: "shop",
      path: folder,
    });
    expect(await ensureProject(home.layout, folder, "shop")).toEqual(project);
    expect(await readProjectId(folder)).toBe(project.id);
    expect(await listProjects(home.layout)).toEqual([project]);
  });

  it("remembers the living processes that asked for it, and no ended one", async () => {
    await using home = await tempHome();
    const folder = await home.sub("shop");
    const { id } = await ensureProject(home.layout, folder, "shop");
    const users = join(home.layout.project(id).folder, "users");
    await writeFile(join(users, "4194305"), ""); // above the highest pid there can be
    await ensureProject(home.layout, folder, "shop");
    expect(await readdir(users)).toEqual([String(process.pid)]);
  });

  it("takes a new name over and stays the same project", async () => {
    await using home = await tempHome();
    const folder = await home.sub("shop");
    const { id } = await ensureProject(home.layout, folder, "shop");
    expect(await ensureProject(home.layout, folder, "store")).toMatchObject({ id, name: "store" });
    expect(await listProjects(home.layout)).toMatchObject([{ id, name: "store" }]);
  });

  it("keeps the project of a folder that was moved", async () => {
    await using home = await tempHome();
    const folder = await home.sub("shop");
    const moved = join(home.folder, "moved");
    const { id } = await ensureProject(home.layout, folder, "shop");
    await rename(folder, moved);
    expect(await ensureProject(home.layout, moved, "shop")).toMatchObject({ id, path: moved });
    expect(await listProjects(home.layout)).toMatchObject([{ id, path: moved }]);
  });

  it("makes a project of its own of a folder that was copied, and leaves the first alone", async () => {
    await using home = await tempHome();
    const folder = await home.sub("shop");
    const copy = join(home.folder, "copy");
    const first = await ensureProject(home.layout, folder, "shop");
    await cp(folder, copy, { recursive: true });
    const second = await ensureProject(home.layout, copy, "shop");
    expect(second.id).not.toBe(first.id);
    expect(await readProjectId(copy)).toBe(second.id);
    expect(await ensureProject(home.layout, folder, "shop")).toEqual(first);
  });

  it("restores what the store lost of it", async () => {
    await using home = await tempHome();
    const folder = await home.sub("shop");
    const project = await ensureProject(home.layout, folder, "shop");
    await rm(home.layout.project(project.id).folder, { recursive: true });
    expect(await ensureProject(home.layout, folder, "shop")).toEqual(project);
    expect(await listProjects(home.layout)).toEqual([project]);
  });

  it.each([
    "",
    "{",
    "{}",
    '{"version":2,"id":"01234567","name":"shop","path":"/"}',
    '{"version":1,"id":"../../x","name":"a","path":"/"}',
  ])("refuses a damaged pointer: %j", async (text) => {
    await using home = await tempHome();
    const folder = await home.sub("shop");
    await mkdir(join(folder, ".bothy"));
    await writeFile(pointer(folder), text);
    const refusal = { code: "STATE_INVALID", message: expect.stringContaining(pointer(folder)) };
    await expect(ensureProject(home.layout, folder, "shop")).rejects.toMatchObject(refusal);
    await expect(readProjectId(folder)).rejects.toMatchObject(refusal);
  });
});

describe("listProjects", () => {
  it("shows those that can be read", async () => {
    await using home = await tempHome();
    const project = await ensureProject(home.layout, await home.sub("shop"), "shop");
    await mkdir(home.layout.project("ffffffff").folder);
    await writeFile(home.layout.project("ffffffff").state, "{");
    expect(await listProjects(home.layout)).toEqual([project]);
  });
});

describe("forgetProject", () => {
  it("removes the project from the store and from its folder; twice is no error", async () => {
    await using home = await tempHome();
    const folder = await home.sub("shop");
    const project = await ensureProject(home.layout, folder, "shop");
    await forgetProject(home.layout, project);
    await forgetProject(home.layout, project);
    expect(await listProjects(home.layout)).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  it("does nothing while another living process has asked for the project", async () => {
    await using home = await tempHome();
    const project = await ensureProject(home.layout, await home.sub("shop"), "shop");
    const other = join(home.layout.project(project.id).folder, "users", String(process.ppid));
    await writeFile(other, "");
    expect(await forgetProject(home.layout, project)).toBe(false);
    expect(await listProjects(home.layout)).toEqual([project]);
    await rm(other);
    expect(await forgetProject(home.layout, project, { dryRun: true })).toBe(true);
    expect(await listProjects(home.layout)).toEqual([project]);
    expect(await forgetProject(home.layout, project)).toBe(true);
    expect(await listProjects(home.layout)).toEqual([]);
  });

  it("keeps other files beside the pointer", async () => {
    await using home = await tempHome();
    const folder = await home.sub("shop");
    const project = await ensureProject(home.layout, folder, "shop");
    await writeFile(join(folder, ".bothy", "mine"), "");
    await forgetProject(home.layout, project);
    expect(await readdir(join(folder, ".bothy"))).toEqual(["mine"]);
  });

  it("leaves another project's pointer where the folder was used again", async () => {
    await using home = await tempHome();
    const folder = await home.sub("shop");
    const project = await ensureProject(home.layout, folder, "shop");
    await forgetProject(home.layout, { id: "ffffffff", path: folder });
    expect(await readProjectId(folder)).toBe(project.id);
  });

  it("does not mind that the folder is gone", async () => {
    await using home = await tempHome();
    const folder = await home.sub("shop");
    const project = await ensureProject(home.layout, folder, "shop");
    await rm(folder, { recursive: true });
    await expect(forgetProject(home.layout, project)).resolves.toBe(true);
  });
});
