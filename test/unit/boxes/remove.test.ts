import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeBox } from "../../../src/boxes/box.ts";
import { listBoxes, removeBox, removeUnusedBoxes, removeUnusedLayers } from "../../../src/boxes/index.ts";
import { leaseLayers } from "../../../src/boxes/lease.ts";
import { saveBox } from "../../../src/boxes/store.ts";
import { ensureFolder, type Layout, writeJson } from "../../../src/system/index.ts";
import { tempHome } from "../../support/temp-home.ts";
import { content, putBox } from "./support.ts";

const unused = { inUse: () => [] };

/** A box that boots from its own disk and brought a kernel. */
async function putVmBox(layout: Layout, name: string, disk: string, kernel: string): Promise<void> {
  await ensureFolder(layout.disks());
  await writeFile(layout.disk(disk), "disk");
  await mkdir(layout.artefact("kernel", kernel), { recursive: true });
  await writeFile(join(layout.artefact("kernel", kernel), "vmlinuz"), "kernel");
  const box = describeBox(name, {
    ...content([]),
    labels: { name },
    disk: { digest: disk, sizeBytes: 4, virtualBytes: 4, firmware: "bios", reason: "LVM" },
    kernel: { digest: kernel, version: "6.1" },
  });
  await saveBox(layout, box);
}

describe("removeBox", () => {
  it("takes a box's layers with it, and leaves those that another box has", async () => {
    await using home = await tempHome();
    const web = await putBox(home.layout, "team/web", ["shared", "web"]);
    const app = await putBox(home.layout, "app", ["shared", "app"]);
    const removed = await removeBox(home.layout, "Team:web", unused);
    expect(removed.boxes).toEqual(["team/web"]);
    expect(removed.layers).toEqual([web.layers[1]?.digest]);
    expect(removed.freedBytes).toBe(web.layers[1]?.sizeBytes);
    expect((await listBoxes(home.layout)).map(({ name }) => name)).toEqual(["app"]);
    for (const { digest } of app.layers) expect(existsSync(home.layout.layer(digest))).toBe(true);
    expect(await readdir(home.layout.boxes())).toEqual(["app.json"]);
  });

  it("refuses while machines stand on the box, and changes nothing", async () => {
    await using home = await tempHome();
    const box = await putBox(home.layout, "web", ["a"]);
    const inUse = (digest: string) => (digest === box.digest ? ["shop/db", "shop/web"] : []);
    await expect(removeBox(home.layout, "web", { inUse })).rejects.toMatchObject({
      code: "BOX_IN_USE",
      message: expect.stringContaining("shop/db, shop/web"),
    });
    expect(await listBoxes(home.layout)).toHaveLength(1);
    expect(existsSync(home.layout.layer(box.layers[0]?.digest ?? ""))).toBe(true);
  });

  it("keeps a layer that a machine has from elsewhere", async () => {
    await using home = await tempHome();
    const box = await putBox(home.layout, "web", ["a"]);
    const layer = box.layers[0]?.digest ?? "";
    const removed = await removeBox(home.layout, "web", {
      inUse: (digest) => (digest === layer ? ["old"] : []),
    });
    expect(removed).toMatchObject({ boxes: ["web"], layers: [], freedBytes: 0 });
    expect(existsSync(home.layout.layer(layer))).toBe(true);
  });

  it("removes a box with damaged metadata", async () => {
    await using home = await tempHome();
    await putBox(home.layout, "good", ["a"]);
    await writeFile(home.layout.box("bad"), "{");
    await removeBox(home.layout, "bad", unused);
    expect((await listBoxes(home.layout)).map(({ name }) => name)).toEqual(["good"]);
  });

  it("is not kept by machines of another box with the same content", async () => {
    await using home = await tempHome();
    const box = await putBox(home.layout, "web", ["a"]);
    await putBox(home.layout, "web/latest", ["a"]);
    const inUse = (digest: string, name?: string) =>
      digest === box.layers[0]?.digest || (digest === box.digest && (!name || name === "web"))
        ? ["shop/web"]
        : [];
    expect(await removeBox(home.layout, "web/latest", { inUse })).toMatchObject({ layers: [] });
    await expect(removeBox(home.layout, "web", { inUse })).rejects.toMatchObject({ code: "BOX_IN_USE" });
  });

  it("takes the box's disk and kernel with it, and leaves what another box, a machine or everybody has", async () => {
    await using home = await tempHome();
    const [mine, shared, machines, ours] = ["1", "2", "3", "4"].map((digit) => digit.repeat(64)) as [
      string,
      string,
      string,
      string,
    ];
    await putVmBox(home.layout, "one", mine, mine);
    await putVmBox(home.layout, "two", shared, shared);
    await putVmBox(home.layout, "three", shared, shared);
    await putVmBox(home.layout, "four", machines, machines);
    await putVmBox(home.layout, "five", ours, ours);
    const pointer = { version: 1, digest: ours, quickKey: "q", key: "k" };
    await writeJson(join(home.layout.artefacts("kernel"), "current.json"), pointer);
    const inUse = (digest: string) => (digest === machines ? ["shop/web"] : []);
    expect(await removeBox(home.layout, "one", { inUse })).toMatchObject({ disks: [mine], kernels: [mine] });
    expect(await removeBox(home.layout, "two", { inUse })).toMatchObject({ disks: [], kernels: [] });
    expect(await removeBox(home.layout, "four", { inUse })).toMatchObject({ disks: [], kernels: [] });
    expect(await removeBox(home.layout, "five", { inUse })).toMatchObject({ disks: [ours], kernels: [] });
    expect((await readdir(home.layout.disks())).sort()).toEqual(
      [shared, machines].map((each) => `${each}.qcow2`),
    );
    const kernels = await readdir(home.layout.artefacts("kernel"));
    expect(kernels.sort()).toEqual([shared, machines, ours, "current.json"]);
  });

  it("leaves all layers while an import runs, says so, and the next sweep takes them", async () => {
    await using home = await tempHome();
    const box = await putBox(home.layout, "web", ["a"]);
    const lease = await leaseLayers(home.layout);
    const removed = await removeBox(home.layout, "web", unused);
    expect(removed).toMatchObject({ boxes: ["web"], layers: [], kept: expect.stringContaining("import") });
    await lease[Symbol.asyncDispose]();
    expect((await removeUnusedLayers(home.layout, unused)).layers).toEqual([box.layers[0]?.digest]);
  });

  it("removes one of a name that no box may have", async () => {
    await using home = await tempHome();
    await putBox(home.layout, "Odd Name", ["a"]);
    expect(await removeBox(home.layout, "Odd Name", unused)).toMatchObject({ boxes: ["Odd Name"] });
  });

  it("is done by one of two processes", async () => {
    await using home = await tempHome();
    await putBox(home.layout, "web", ["a"]);
    const both = [removeBox(home.layout, "web", unused), removeBox(home.layout, "web", unused)];
    const states = (await Promise.allSettled(both)).map(({ status }) => status);
    expect(states.sort()).toEqual(["fulfilled", "rejected"]);
    expect(await readdir(home.layout.layers())).toEqual([]);
  });

  it("does not know a box that is not there", async () => {
    await using home = await tempHome();
    await expect(removeBox(home.layout, "web", unused)).rejects.toMatchObject({ code: "BOX_UNKNOWN" });
  });
});

describe("removeUnusedLayers", () => {
  it("removes what nobody uses, and nothing while a box cannot be read", async () => {
    await using home = await tempHome();
    const old = await putBox(home.layout, "web", ["old"]);
    await putBox(home.layout, "web", ["new"]);
    await writeFile(home.layout.box("bad"), "{");
    expect((await removeUnusedLayers(home.layout, unused)).layers).toEqual([]);
    await removeBox(home.layout, "bad", { inUse: () => ["everything"] });
    const dry = await removeUnusedLayers(home.layout, { ...unused, dryRun: true });
    expect(existsSync(home.layout.layer(old.layers[0]?.digest ?? ""))).toBe(true);
    expect(await removeUnusedLayers(home.layout, unused)).toEqual(dry);
    expect(dry).toMatchObject({ layers: [old.layers[0]?.digest], freedBytes: old.layers[0]?.sizeBytes });
    expect(existsSync(home.layout.layer(old.layers[0]?.digest ?? ""))).toBe(false);
  });
});

describe("removeUnusedBoxes", () => {
  it("takes those that may go and that no machine uses; with dryRun it tells the same", async () => {
    await using home = await tempHome();
    const used = await putBox(home.layout, "used", ["shared", "used"]);
    const idle = await putBox(home.layout, "a/idle", ["shared", "idle"]);
    await putBox(home.layout, "dear", ["shared", "dear"]);
    const options = {
      inUse: (digest: string) => (digest === used.digest ? ["shop/web"] : []),
      mayGo: ({ name }: { name: string }) => name !== "dear",
    };
    const dry = await removeUnusedBoxes(home.layout, { ...options, dryRun: true });
    expect(await listBoxes(home.layout)).toHaveLength(3);
    expect(await removeUnusedBoxes(home.layout, options)).toEqual(dry);
    expect(dry).toMatchObject({ boxes: ["a/idle"], layers: [idle.layers[1]?.digest] });
    expect((await readdir(home.layout.boxes())).sort()).toEqual(["dear.json", "used.json"]);
  });

  it("takes none while a box cannot be read", async () => {
    await using home = await tempHome();
    await putBox(home.layout, "idle", ["a"]);
    await writeFile(home.layout.box("bad"), "{");
    const removed = await removeUnusedBoxes(home.layout, { ...unused, mayGo: () => true });
    expect(removed).toMatchObject({ boxes: [], layers: [], kept: expect.stringContaining("`bad`") });
  });
});
