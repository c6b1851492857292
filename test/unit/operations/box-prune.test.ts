import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Box, listBoxes } from "../../../src/boxes/index.ts";
import { saveBox } from "../../../src/boxes/store.ts";
import { pruneBoxes } from "../../../src/operations/box-prune.ts";
import { type FakeLab, fakeLab } from "../../support/fake-lab.ts";
import { putBox } from "../boxes/support.ts";

const IMAGE = { image: "docker.io/library/web:1", manifest: "sha256:a", platform: "linux/amd64" };

/** A layer of nobody's, one of each origin, something downloaded and something cached. */
async function store(lab: FakeLab): Promise<{ orphan: Box; image: Box }> {
  const { layout } = lab.ctx;
  const orphan = await putBox(layout, "changing", ["old"]);
  const named = async (name: string, source: Box["source"]) => {
    const box = { ...(await putBox(layout, name, [name])), source };
    await saveBox(layout, box);
    return box;
  };
  await named("changing", { machine: "shop/web", base: "debian/12" });
  const image = await named("image", IMAGE);
  await mkdir(layout.downloads());
  await writeFile(join(layout.downloads(), "a.part"), "12345");
  await mkdir(join(layout.home, "buildah"));
  await writeFile(join(layout.home, "buildah/cache"), "123");
  return { orphan, image };
}

test("without --all boxes stay; with --dry-run everything does", async () => {
  await using lab = await fakeLab();
  const { orphan } = await store(lab);
  const [layer] = orphan.layers;
  const dry = await pruneBoxes(lab.ctx, { dryRun: true });
  const { dryRun: _, ...found } = dry;
  expect(dry).toMatchObject({ dryRun: true, boxes: [], layers: [layer?.digest], downloads: ["a.part"] });
  expect(dry.freedBytes).toBe((layer?.sizeBytes ?? 0) + 5);
  expect(await pruneBoxes(lab.ctx, {})).toEqual({ ...found, dryRun: false });
  expect(await listBoxes(lab.ctx.layout)).toHaveLength(3);
  expect(existsSync(join(lab.ctx.layout.home, "buildah/cache"))).toBe(true);
  expect(await pruneBoxes(lab.ctx, {})).toMatchObject({ layers: [], downloads: [], freedBytes: 0 });
});

test("with --all boxes that can be had again go, and the cache of builds", async () => {
  await using lab = await fakeLab("machines: { web: {} }\n");
  const { image } = await store(lab);
  const dry = await pruneBoxes(lab.ctx, { all: true, dryRun: true });
  expect(existsSync(join(lab.ctx.layout.home, "buildah/cache"))).toBe(true);
  const pruned = await pruneBoxes(lab.ctx, { all: true });
  expect(pruned).toEqual({ ...dry, dryRun: false });
  expect(pruned).toMatchObject({ boxes: ["image"], buildCacheBytes: 3 });
  expect(pruned.layers).toContain(image.layers[0]?.digest);
  expect((await listBoxes(lab.ctx.layout)).map(({ name }) => name)).toEqual(["changing", "debian/12"]);
  expect(existsSync(join(lab.ctx.layout.home, "buildah"))).toBe(false);
});

test("with --all a box stays whose file is gone", async () => {
  await using lab = await fakeLab();
  const there = join(lab.folder, "there.tar");
  await writeFile(there, "");
  const sources: Record<string, Box["source"]> = {
    "file/gone": { file: "/nonexistent/root.tar" },
    "file/there": { file: there },
    "archive/gone": { archive: "oci:/nonexistent/layout:v1", manifest: "sha256:a" },
    "archive/there": { archive: `docker-archive:${there}:app`, manifest: "sha256:a" },
    "url/there": { file: "https://a.example/root.tar" },
  };
  for (const [name, source] of Object.entries(sources))
    await saveBox(lab.ctx.layout, {
      ...(await putBox(lab.ctx.layout, name, [name.replace("/", "-")])),
      source,
    });
  const { boxes } = await pruneBoxes(lab.ctx, { all: true });
  expect(boxes).toEqual(["archive/there", "file/there", "url/there"]);
});

test("what keeps it from looking is said", async () => {
  await using lab = await fakeLab("machines: { web: {} }\n");
  await store(lab);
  await writeFile(lab.ctx.layout.box("bad"), "{");
  expect(await pruneBoxes(lab.ctx, { all: true })).toMatchObject({
    boxes: [],
    layers: [],
    downloads: ["a.part"],
  });
  expect(lab.ctx.reporter.lines("warn").join("\n")).toMatch(
    /box `bad` cannot be read: `bothy box remove bad`/,
  );
  const { id } = await lab.add("web");
  await writeFile(lab.ctx.layout.machine(id).state, "{");
  await pruneBoxes(lab.ctx, {});
  expect(lab.ctx.reporter.lines("warn").at(-1)).toContain(`the machine ${id} cannot be read`);
});
