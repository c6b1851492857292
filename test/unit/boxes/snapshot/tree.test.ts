import { lstat, mkdir, readFile, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isWhiteout, namesIn, removeIn, resolveIn, statIn } from "../../../../src/boxes/snapshot/tree.ts";
import { run } from "../../../../src/system/index.ts";
import { tempHome } from "../../../support/temp-home.ts";

describe("a tree that a machine wrote", () => {
  it("is never left by one of its links", async () => {
    await using home = await tempHome();
    const [folder, outside] = [await home.sub("tree"), await home.sub("outside")];
    const tree = { folder };
    await mkdir(join(outside, "log"));
    await writeFile(join(outside, "log/file"), "host's");
    await symlink(outside, join(folder, "var"));
    await symlink(join(outside, "log/file"), join(folder, "link"));
    expect(await statIn(tree, "var/log/file")).toBeUndefined();
    expect(await namesIn(tree, "var/log")).toEqual([]);
    expect(await namesIn(tree, "var")).toEqual([]);
    await removeIn(tree, "var/log/file");
    await removeIn(tree, "var/log");
    await removeIn(tree, "link");
    await removeIn(tree, "var");
    await removeIn(tree, "nothing/at/all");
    expect(await readFile(join(outside, "log/file"), "utf8")).toBe("host's");
    expect(await namesIn(tree, ".")).toEqual([]);
  });

  it("keeps the time of a folder that something is taken out of", async () => {
    await using home = await tempHome();
    const tree = { folder: await home.sub("tree") };
    await mkdir(join(tree.folder, "etc/ssh"), { recursive: true });
    await utimes(join(tree.folder, "etc"), 1, 1);
    await removeIn(tree, "etc/ssh");
    expect((await lstat(join(tree.folder, "etc"))).mtimeMs).toBe(1000);
  });

  it("follows links as the machine does, inside only", async () => {
    await using home = await tempHome();
    const tree = { folder: await home.sub("tree") };
    await mkdir(join(tree.folder, "srv/data"), { recursive: true });
    await symlink("/srv", join(tree.folder, "abs"));
    await symlink("../../../srv/data", join(tree.folder, "srv/up"));
    await symlink("round", join(tree.folder, "round"));
    expect(await resolveIn(tree, "/abs/data/new")).toBe("srv/data/new");
    expect(await resolveIn(tree, "/abs/up/./x/../y")).toBe("srv/data/y");
    expect(await resolveIn(tree, "/../../etc")).toBe("etc");
    expect(await resolveIn(tree, "/round/x")).toBeUndefined();
  });

  it("knows a deleted name from a device", async () => {
    await using home = await tempHome();
    const folder = await home.sub("tree");
    await run(["sh", "-c", "mknod gone c 0 0; mknod null c 1 3"], { cwd: folder });
    const found = await Promise.all(["gone", "null"].map((name) => lstat(join(folder, name))));
    expect(found.map(isWhiteout)).toEqual([true, false]);
  });
});
