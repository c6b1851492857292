import { existsSync } from "node:fs";
import { chmod, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Box, getBox, listBoxes, resolveLayers } from "../../../src/boxes/index.ts";
import { writeRecord } from "../../../src/machines/index.ts";
import { boxSummaries } from "../../../src/operations/box-list.ts";
import { outdatedBoxes } from "../../../src/operations/box-outdated.ts";
import { pruneBoxes } from "../../../src/operations/box-prune.ts";
import { removeBoxes } from "../../../src/operations/box-remove.ts";
import { updateBoxes } from "../../../src/operations/box-update.ts";
import { verifyBoxes } from "../../../src/operations/box-verify.ts";
import { pullImage } from "../../../src/operations/pull-image.ts";
import type { Layout } from "../../../src/system/index.ts";
import { type FakeLab, fakeLab } from "../../support/fake-lab.ts";
import { type LayerEntry, writeLayout } from "../../support/oci-layout.ts";
import { machineRecord } from "../../support/record.ts";
import { startRegistry, type TestRegistry } from "../../support/registry.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

let registry: TestRegistry;
let scratch: TempHome;
const SILENT = { report: () => {}, title: () => {} };
const BASE = [
  { name: "etc/", type: "directory" },
  { name: "etc/base", content: "base" },
] as const;

beforeAll(async () => {
  scratch = await tempHome();
  registry = await startRegistry();
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

/** An image of the base and one layer with this text; pushing the same name again moves its tag. */
async function push(name: string, text: string): Promise<string> {
  const folder = await scratch.sub(`${name.replace(/\W/g, "-")}-${text}`);
  const own: LayerEntry[] = [{ name: "etc/own", content: text.repeat(1000) }];
  await writeLayout(folder, { layers: [BASE, own], config: { Cmd: ["/bin/sh"] } });
  return registry.push(`oci:${folder}:latest`, name);
}

function pull(lab: FakeLab, reference: string): Promise<Box> {
  return pullImage(lab.ctx, reference, { progress: SILENT });
}

/** Changes bytes under the seal, as a failing disk does. */
async function rot(layout: Layout, digest: string): Promise<void> {
  const path = layout.layer(digest);
  await chmod(path, 0o644);
  await writeFile(path, Buffer.alloc((await stat(path)).size, 1));
  await utimes(path, 0, 0);
}

function layersOf({ layers }: Box): [base: string, own: string] {
  return [layers[0]?.digest ?? "", layers[1]?.digest ?? ""];
}

describe("images in the store", () => {
  it("share what they have in common, and each goes with what is its own", async () => {
    await using lab = await fakeLab();
    const { layout } = lab.ctx;
    const one = await pull(lab, await push("share/one:1", "one"));
    const two = await pull(lab, await push("share/two:1", "two"));
    expect(one.name).toBe(`${registry.host}/share/one/1`);
    const listed = await boxSummaries(lab.ctx);
    const shared = one.layers[0]?.sizeBytes;
    expect(listed.find(({ name }) => name === one.name)).toMatchObject({
      kind: "image",
      sharedBytes: shared,
    });
    expect(await removeBoxes(lab.ctx, [`${registry.host}/share/one:1`])).toMatchObject({
      removed: [one.name],
    });
    expect(existsSync(layout.layer(layersOf(one)[0]))).toBe(true);
    expect(existsSync(layout.layer(layersOf(one)[1]))).toBe(false);
    const index = await readdir(layout.layerIndex());
    expect(index.filter((name) => name.includes(layersOf(one)[1]))).toEqual([]);
    await removeBoxes(lab.ctx, [two.name]);
    expect(await readdir(layout.layerIndex())).toEqual([]);
    expect((await listBoxes(layout)).map(({ name }) => name)).toEqual(["debian/12"]);
  });

  it("are pruned with what was downloaded for them, but for those that a machine has", async () => {
    await using lab = await fakeLab();
    const used = await pull(lab, await push("prune/used:1", "used"));
    const idle = await pull(lab, await push("prune/idle:1", "idle"));
    const { name, digest, layers } = used;
    const box = { ...machineRecord().box, name, digest, layers };
    await writeRecord(lab.ctx.layout, machineRecord({ box }));
    const dry = await pruneBoxes(lab.ctx, { all: true, dryRun: true });
    expect(await pruneBoxes(lab.ctx, { all: true })).toEqual({ ...dry, dryRun: false });
    expect(dry).toMatchObject({ boxes: [idle.name], layers: [layersOf(idle)[1]] });
    await expect(removeBoxes(lab.ctx, [used.name])).rejects.toMatchObject({ code: "BOX_IN_USE" });
  });
});

describe("verify --repair", () => {
  it("is not the only cure: what is pulled again is whole", async () => {
    await using lab = await fakeLab();
    const box = await pull(lab, await push("again/app:1", "first"));
    const [base] = layersOf(box);
    await rot(lab.ctx.layout, base);
    await utimes(lab.ctx.layout.layer(base), 1, 1); // as whoever changed it would leave it
    await pull(lab, `${registry.host}/again/app:1`);
    expect(await resolveLayers(lab.ctx.layout, box)).toHaveLength(2);
  });

  it("fetches again what is damaged or missing, also after its tag has moved", async () => {
    await using lab = await fakeLab();
    const reference = await push("repair/app:1", "first");
    const box = await pull(lab, reference);
    await push("repair/app:1", "second");
    const [base, own] = layersOf(box);
    await rot(lab.ctx.layout, own);
    await rm(lab.ctx.layout.layer(base));
    await expect(verifyBoxes(lab.ctx, [box.name], {})).rejects.toMatchObject({ code: "LAYER_DAMAGED" });
    await expect(resolveLayers(lab.ctx.layout, box)).rejects.toMatchObject({ code: "LAYER_DAMAGED" });
    expect(await verifyBoxes(lab.ctx, [reference], { repair: true })).toMatchObject({
      boxes: [{ name: box.name, state: "repaired", problems: [expect.anything(), expect.anything()] }],
    });
    expect(await resolveLayers(lab.ctx.layout, box)).toHaveLength(2);
    expect(await getBox(lab.ctx.layout, box.name)).toEqual(box);
    expect(await verifyBoxes(lab.ctx, [], {})).toMatchObject({ boxes: [{ state: "ok" }, { state: "ok" }] });
  });

  it("says what is wrong when the registry does not answer, and leaves what is there", async () => {
    await using lab = await fakeLab();
    const other = await startRegistry();
    const folder = await scratch.sub("gone");
    await writeLayout(folder, { layers: [BASE] });
    const box = await pull(lab, await other.push(`oci:${folder}:latest`, "gone:1"));
    await other[Symbol.asyncDispose]();
    const [base] = layersOf(box);
    await rot(lab.ctx.layout, base);
    await expect(verifyBoxes(lab.ctx, [box.name], { repair: true })).rejects.toMatchObject({
      code: "LAYER_DAMAGED",
      message: expect.stringMatching(/content of .* has changed; .*127\.0\.0\.1/s),
    });
    expect(existsSync(lab.ctx.layout.layer(base))).toBe(true);
  });

  it("reads an OCI layout on this host again", async () => {
    await using lab = await fakeLab();
    const { addBox } = await import("../../../src/operations/box-add.ts");
    const folder = await scratch.sub("layout");
    await writeLayout(folder, { layers: [BASE] });
    const { name, layers } = await addBox(lab.ctx, `oci:${folder}:latest`, {});
    await rm(lab.ctx.layout.layer(layers[0]?.digest ?? ""));
    expect(await verifyBoxes(lab.ctx, [name], { repair: true })).toMatchObject({
      boxes: [{ state: "repaired" }],
    });
  });
});

describe("outdated and update", () => {
  it("tell that a tag has moved, and get what it names now; machines keep what they have", async () => {
    await using lab = await fakeLab();
    const { layout } = lab.ctx;
    const reference = await push("move/app:1", "first");
    const before = await pull(lab, reference);
    const state = async () => (await outdatedBoxes(lab.ctx, [reference])).boxes[0];
    expect(await state()).toMatchObject({ name: before.name, kind: "image", state: "current" });
    const { name, digest, layers } = before;
    await writeRecord(layout, machineRecord({ box: { ...machineRecord().box, name, digest, layers } }));
    await push("move/app:1", "second");
    expect(await state()).toMatchObject({ state: "outdated" });
    expect(await getBox(layout, name)).toEqual(before);
    const { boxes } = await updateBoxes(lab.ctx, [reference], {});
    const after = await getBox(layout, name);
    expect(boxes).toMatchObject([
      { name, action: "updated", from: digest, to: after.digest, machines: ["shop/web"] },
    ]);
    expect(layersOf(after)[0]).toBe(layersOf(before)[0]);
    expect(layersOf(after)[1]).not.toBe(layersOf(before)[1]);
    expect(await state()).toMatchObject({ state: "current" });
    expect(await pruneBoxes(lab.ctx, {})).toMatchObject({ layers: [] });
    expect(await resolveLayers(layout, before)).toHaveLength(2);
    expect(await updateBoxes(lab.ctx, [reference], {})).toMatchObject({ boxes: [{ action: "unchanged" }] });
  });

  it("ask for every box, and one that cannot be asked for keeps no other", async () => {
    await using lab = await fakeLab();
    const other = await startRegistry();
    const folder = await scratch.sub("unreachable");
    await writeLayout(folder, { layers: [BASE] });
    const gone = await pull(lab, await other.push(`oci:${folder}:latest`, "gone:1"));
    await other[Symbol.asyncDispose]();
    const there = await pull(lab, await push("all/app:1", "first"));
    const fixed = await pull(lab, `${registry.host}/all/app@${manifestOf(there)}`);
    await push("all/app:1", "second");
    const { boxes } = await outdatedBoxes(lab.ctx, []);
    const states = Object.fromEntries(boxes.map(({ name, state }) => [name, state]));
    expect(states).toEqual({
      ...{ [gone.name]: "failed", [there.name]: "outdated", [fixed.name]: "fixed", "debian/12": "fixed" },
    });
    const update = updateBoxes(lab.ctx, [], { all: true });
    await expect(update).rejects.toMatchObject({ code: "REGISTRY_UNREACHABLE" });
    expect((await getBox(lab.ctx.layout, there.name)).digest).not.toBe(there.digest);
  });
});

function manifestOf({ source }: Box): string {
  return source && "manifest" in source ? source.manifest : "";
}
