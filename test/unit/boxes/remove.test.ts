import { existsSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { listBoxes, removeBox, removeUnusedLayers } from "../../../src/boxes/index.ts";
import { tempHome } from "../../support/temp-home.ts";
import { putBox } from "./support.ts";

const unused = { inUse: () => [] };

describe("removeBox", () => {
  it("takes a box's layers with it, and leaves those that another box has", async () => {
    await using home = await tempHome();
    const web = await putBox(home.layout, "team/web", ["shared", "web"]);
    const app = await putBox(home.layout, "app", ["shared", "app"]);
    const removed = await removeBox(home.layout, "team/web", unused);
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
    expect(removed).toEqual({ layers: [], freedBytes: 0 });
    expect(existsSync(home.layout.layer(layer))).toBe(true);
  });

  it("removes a box with damaged metadata", async () => {
    await using home = await tempHome();
    await putBox(home.layout, "good", ["a"]);
    await writeFile(home.layout.box("bad"), "{");
    await removeBox(home.layout, "bad", unused);
    expect((await listBoxes(home.layout)).map(({ name }) => name)).toEqual(["good"]);
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
    expect(dry).toEqual({ layers: [old.layers[0]?.digest], freedBytes: old.layers[0]?.sizeBytes });
    expect(existsSync(home.layout.layer(old.layers[0]?.digest ?? ""))).toBe(false);
  });
});
