import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildBox, findBox, resolveLayers } from "../../../src/boxes/index.ts";
import type { Layout } from "../../../src/system/index.ts";
import { tempHome } from "../../support/temp-home.ts";
import { failedProgram, stubMaker } from "./support.ts";

async function leftovers(layout: Layout): Promise<string[]> {
  const folders = [layout.temporary(), layout.layers(), layout.boxes()].filter((path) => existsSync(path));
  return (await Promise.all(folders.map((folder) => readdir(folder)))).flat();
}

describe("buildBox", () => {
  it("builds, and does nothing when nothing has changed", async () => {
    await using home = await tempHome();
    const { maker, made } = stubMaker();
    const first = await buildBox(home.layout, "debian:12", { maker });
    const second = await buildBox(home.layout, "debian/12", { maker });
    expect([first.built, second.built, made.length]).toEqual([true, false, 1]);
    expect(second.box).toEqual(first.box);
    expect(first.box).toMatchObject({ name: "debian/12", init: "/sbin/init", user: "bothy" });
    expect(await readdir(home.layout.temporary())).toEqual([]);
  });

  it("builds again when inputs change, when told to, and when a layer is gone", async () => {
    await using home = await tempHome();
    const { box } = await buildBox(home.layout, "debian/12", { maker: stubMaker().maker });
    const changed = await buildBox(home.layout, "debian/12", { maker: stubMaker({ key: "b" }).maker });
    expect(changed.built && changed.box.digest !== box.digest).toBe(true);
    const forced = await buildBox(home.layout, "debian/12", {
      maker: stubMaker({ key: "b" }).maker,
      force: true,
    });
    expect([forced.built, forced.box.digest]).toEqual([true, changed.box.digest]);
    await rm(home.layout.layer(forced.box.layers[0]?.digest ?? ""));
    const mended = await buildBox(home.layout, "debian/12", { maker: stubMaker({ key: "b" }).maker });
    expect([mended.built, mended.box.digest]).toEqual([true, changed.box.digest]);
    await resolveLayers(home.layout, mended.box);
  });

  it("builds over damaged metadata", async () => {
    await using home = await tempHome();
    await mkdir(join(home.layout.boxes(), "debian"), { recursive: true });
    await writeFile(home.layout.box("debian/12"), "{");
    expect((await buildBox(home.layout, "debian/12", stubMaker())).built).toBe(true);
  });

  it("builds once for two that ask at the same time", async () => {
    await using home = await tempHome();
    const { maker, made } = stubMaker({ delayMs: 300 });
    const lines: string[] = [];
    const report = (line: string) => lines.push(line);
    const results = await Promise.all([
      buildBox(home.layout, "debian/12", { maker, report }),
      buildBox(home.layout, "debian/12", { maker, report }),
    ]);
    expect(made).toHaveLength(1);
    expect(results.map(({ built }) => built).sort()).toEqual([false, true]);
    expect(lines.join("\n")).toContain("waiting for");
  });

  it("builds different boxes side by side", async () => {
    await using home = await tempHome();
    const { maker, made } = stubMaker({ delayMs: 50 });
    const names = ["debian/12", "debian/12-slim"];
    await Promise.all(names.map((name) => buildBox(home.layout, name, { maker })));
    expect(new Set(made).size).toBe(2);
  });

  it("leaves nothing when it is interrupted, and works the next time", async () => {
    await using home = await tempHome();
    const { maker } = stubMaker({ delayMs: 100 });
    const signal = AbortSignal.timeout(50);
    await expect(buildBox(home.layout, "debian/12", { maker, signal })).rejects.toMatchObject({
      code: "INTERRUPTED",
      exit: 130,
    });
    expect(await leftovers(home.layout)).toEqual([]);
    expect((await buildBox(home.layout, "debian/12", { maker })).built).toBe(true);
  });

  it("removes what a killed build left", async () => {
    await using home = await tempHome();
    const folder = join(home.layout.temporary(), "box-debian-12", "tree");
    await mkdir(folder, { recursive: true });
    await buildBox(home.layout, "debian/12", stubMaker());
    expect(await readdir(home.layout.temporary())).toEqual([]);
  });

  it("tells why it failed in the builder's own words, and keeps the box that was there", async () => {
    await using home = await tempHome();
    const { box } = await buildBox(home.layout, "debian/12", stubMaker());
    const fail = failedProgram("I: installing\nE: Unable to locate package nonsense");
    const attempt = buildBox(home.layout, "debian/12", stubMaker({ key: "b", fail }));
    await expect(attempt).rejects.toMatchObject({
      code: "BOX_BUILD_FAILED",
      message: expect.stringContaining("Unable to locate package nonsense"),
    });
    expect(await findBox(home.layout, "debian/12")).toEqual(box);
    expect(await readdir(home.layout.temporary())).toEqual([]);
  });

  it("tells a full disk from other failures", async () => {
    await using home = await tempHome();
    const fail = failedProgram("dpkg: error: cannot copy: No space left on device");
    const attempt = buildBox(home.layout, "debian/12", stubMaker({ fail }));
    await expect(attempt).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(await leftovers(home.layout)).toEqual([]);
  });

  it("knows no box without a recipe", async () => {
    await using home = await tempHome();
    await expect(buildBox(home.layout, "debian/99")).rejects.toMatchObject({ code: "BOX_UNKNOWN" });
  });
});
