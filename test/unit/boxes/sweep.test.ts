import { existsSync } from "node:fs";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeBox } from "../../../src/boxes/box.ts";
import { removeOldArtefacts, removeWorkspaces } from "../../../src/boxes/index.ts";
import { leaseLayers } from "../../../src/boxes/lease.ts";
import { saveBox } from "../../../src/boxes/store.ts";
import { run, tryLock, writeJson } from "../../../src/system/index.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";
import { content, putBox } from "./support.ts";

const REALLY = { dryRun: false, inUse: () => [] };
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

  it("leaves the copy of a machine's disk while somebody works on the machine", async () => {
    await using home = await tempHome();
    for (const name of ["machine-busy", "machine-gone"])
      await mkdir(join(home.layout.temporary(), name), { recursive: true });
    await using _ = await tryLock(home.layout.lock("machine-busy")); // as `package` does
    expect(await removeWorkspaces(home.layout, REALLY)).toEqual(["machine-gone"]);
  });

  it("removes what is no build's only once it is old", async () => {
    await using home = await tempHome();
    const [fresh, old] = ["probe-new", "probe-old"].map((name) => join(home.layout.temporary(), name));
    for (const folder of [fresh, old]) await mkdir(folder ?? "", { recursive: true });
    await utimes(old ?? "", 0, 0);
    expect(await removeWorkspaces(home.layout, REALLY)).toEqual(["probe-old"]);
  });

  it("removes an import's at once while no import runs, and else no other's", async () => {
    await using home = await tempHome();
    const folders = ["layer-a", "other"].map((name) => join(home.layout.temporary(), name));
    for (const folder of folders) await mkdir(folder, { recursive: true });
    await utimes(folders[1] ?? "", 0, 0);
    const lease = await leaseLayers(home.layout);
    expect(await removeWorkspaces(home.layout, REALLY)).toEqual([]);
    await lease[Symbol.asyncDispose]();
    await writeFile(join(folders[1] ?? "", "young"), "");
    await utimes(folders[1] ?? "", 0, 0);
    expect(await removeWorkspaces(home.layout, REALLY)).toEqual(["layer-a"]);
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
    expect(await removeOldArtefacts(home.layout, { ...REALLY, dryRun: true })).toEqual([
      { kind: "kernel", digest: OLD },
    ]);
    expect(existsSync(home.layout.artefact("kernel", OLD))).toBe(true);
    expect(await removeOldArtefacts(home.layout, REALLY)).toEqual([{ kind: "kernel", digest: OLD }]);
    expect((await readdir(home.layout.artefacts("kernel"))).sort()).toEqual([NEW, "current.json"]);
  });

  it("keeps a kernel that came with a box, and one that a machine boots", async () => {
    await using home = await tempHome();
    await utimes(await twoKernels(home), 0, 0);
    const inUse = (digest: string) => (digest === OLD ? ["shop/web"] : []);
    expect(await removeOldArtefacts(home.layout, { dryRun: false, inUse })).toEqual([]);
    const { layers } = await putBox(home.layout, "a", ["a"]);
    const kernel = { digest: OLD ?? "", version: "6.1" };
    const named = describeBox("a", { ...content(layers), kernel });
    await saveBox(home.layout, named);
    expect(await removeOldArtefacts(home.layout, REALLY)).toEqual([]);
    await saveBox(home.layout, describeBox("a", content(layers)));
    const lease = await leaseLayers(home.layout);
    expect(await removeOldArtefacts(home.layout, REALLY)).toEqual([]);
    await lease[Symbol.asyncDispose]();
    expect(await removeOldArtefacts(home.layout, REALLY)).toEqual([{ kind: "kernel", digest: OLD }]);
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
