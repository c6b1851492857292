import { existsSync } from "node:fs";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { removeOldArtefacts, removeWorkspaces } from "../../../src/boxes/index.ts";
import { run, tryLock, writeJson } from "../../../src/system/index.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

const REALLY = { dryRun: false };
const [OLD, NEW] = ["a".repeat(64), "b".repeat(64)];

describe("removeWorkspaces", () => {
  it("removes those of killed builds, and leaves those whose build holds its lock", async () => {
    await using home = await tempHome();
    for (const name of ["box-debian-12", "build-kernel"])
      await mkdir(join(home.layout.temporary(), name, "tree"), { recursive: true });
    await using _ = await tryLock(home.layout.lock("box-debian/12")); // as `buildBox` does
    expect(await removeWorkspaces(home.layout, { dryRun: true })).toEqual(["build-kernel"]);
    expect(await removeWorkspaces(home.layout, REALLY)).toEqual(["build-kernel"]);
    expect(await readdir(home.layout.temporary())).toEqual(["box-debian-12"]);
  });

  it("removes what is no build's only once it is old", async () => {
    await using home = await tempHome();
    const [fresh, old] = ["probe-new", "probe-old"].map((name) => join(home.layout.temporary(), name));
    for (const folder of [fresh, old]) await mkdir(folder ?? "", { recursive: true });
    await utimes(old ?? "", 0, 0);
    expect(await removeWorkspaces(home.layout, REALLY)).toEqual(["probe-old"]);
  });

  it("keeps one that something is mounted in", async () => {
    await using home = await tempHome();
    const mountPoint = join(home.layout.temporary(), "box-x", "tree", "dev");
    await mkdir(mountPoint, { recursive: true });
    await run(["mount", "-t", "tmpfs", "tmpfs", mountPoint]);
    try {
      await writeFile(join(mountPoint, "null"), "");
      expect(await removeWorkspaces(home.layout, REALLY)).toEqual([]);
      expect(existsSync(join(mountPoint, "null"))).toBe(true);
    } finally {
      await run(["umount", mountPoint]);
    }
  });

  it("finds nothing in a store that never built", async () => {
    await using home = await tempHome();
    expect(await removeWorkspaces(home.layout, REALLY)).toEqual([]);
  });
});

describe("removeOldArtefacts", () => {
  /** A kernel and the one that replaced it. */
  async function twoKernels(home: TempHome): Promise<string> {
    for (const digest of [OLD, NEW]) await mkdir(home.layout.artefact("kernel", digest), { recursive: true });
    const pointer = join(home.layout.artefacts("kernel"), "current.json");
    await writeJson(pointer, { version: 1, digest: NEW, quickKey: "q", key: "k" });
    return pointer;
  }

  it("removes what was replaced over an hour ago", async () => {
    await using home = await tempHome();
    const pointer = await twoKernels(home);
    expect(await removeOldArtefacts(home.layout, REALLY)).toEqual([]);
    await utimes(pointer, 0, 0);
    expect(await removeOldArtefacts(home.layout, { dryRun: true })).toEqual([
      { kind: "kernel", digest: OLD },
    ]);
    expect(existsSync(home.layout.artefact("kernel", OLD))).toBe(true);
    expect(await removeOldArtefacts(home.layout, REALLY)).toEqual([{ kind: "kernel", digest: OLD }]);
    expect((await readdir(home.layout.artefacts("kernel"))).sort()).toEqual([NEW, "current.json"]);
  });

  it("keeps all while a build works, or the pointer cannot be read", async () => {
    await using home = await tempHome();
    const pointer = await twoKernels(home);
    await utimes(pointer, 0, 0);
    {
      await using _ = await tryLock(home.layout.lock("build-kernel"));
      expect(await removeOldArtefacts(home.layout, REALLY)).toEqual([]);
    }
    await writeFile(pointer, "{");
    await utimes(pointer, 0, 0);
    expect(await removeOldArtefacts(home.layout, REALLY)).toEqual([]);
  });
});
