import { createReadStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openLayout } from "../../../src/boxes/image/index.ts";
import { addOpenedImage } from "../../../src/operations/add-image.ts";
import { type AddBoxOptions, addBox } from "../../../src/operations/box-add.ts";
import type { Context } from "../../../src/operations/context.ts";
import { pullImage } from "../../../src/operations/pull-image.ts";
import { run } from "../../../src/system/index.ts";
import { serveHttp } from "../../support/http-server.ts";
import { tarOf, type WrittenImage, writeLayout } from "../../support/oci-layout.ts";
import { type RecordingReporter, recordingReporter } from "../../support/recording-reporter.ts";
import { startRegistry, type TestRegistry } from "../../support/registry.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

let registry: TestRegistry;
let home: TempHome;
let folder: string;
let written: WrittenImage;
let reporter: RecordingReporter;
let ctx: Context;

beforeAll(async () => {
  registry = await startRegistry();
});
beforeEach(async () => {
  home = await tempHome();
  folder = await home.sub("here");
  const layers = [[{ name: "a", content: "a" }], [{ name: "b", content: "b" }]];
  written = await writeLayout(join(folder, "layout"), { layers, config: { Cmd: ["serve"] }, tag: "web" });
  reporter = recordingReporter();
  const { signal } = new AbortController();
  ctx = { layout: home.layout, cwd: folder, reporter, signal } as unknown as Context;
});
afterEach(() => home[Symbol.asyncDispose]());
afterAll(() => registry[Symbol.asyncDispose]());

const add = (text: string, options: AddBoxOptions = {}) => addBox(ctx, text, options);
const push = (name: string) => registry.push(`oci:${folder}/layout:web`, name);
const serveFile = (path: string) => serveHttp((_, response) => createReadStream(path).pipe(response));
const silent = { report: () => {}, title: () => {} };

describe("an image of a registry", () => {
  it("is added under its own name, shown as `box inspect` shows it, and its progress told", async () => {
    const reference = await push("team/web:1");
    const box = await add(reference);
    expect(box).toMatchObject({
      name: `${registry.host}/team/web/1`,
      command: ["serve"],
      layers: [{}, {}],
      source: { image: reference, platform: expect.stringContaining("linux/") },
    });
    expect(reporter.lines("report")).toEqual([expect.stringMatching(/^2 layers, \d+ bytes to fetch$/)]);
    expect(reporter.lines("title")).toEqual([
      expect.stringMatching(/team\/web:1: 2 layers, \d+ bytes fetched$/),
    ]);
    expect((await add(reference)).createdAt).toBe(box.createdAt);
    expect(reporter.lines("title").at(-1)).toMatch(/is there already$/);
  });

  it("replaces the one before when its tag has moved, and costs nothing where all layers are there", async () => {
    const reference = await push("team/moved:1");
    const before = await add(reference);
    await writeLayout(join(folder, "layout"), { layers: [[{ name: "b", content: "b" }]], tag: "web" });
    await push("team/moved:1");
    const after = await add(reference);
    expect(after.digest).not.toBe(before.digest);
    expect(reporter.lines("title").at(-1)).toMatch(/1 layer, all there already$/);
  });

  it("is not asked for when a machine needs it and it is there", async () => {
    const reference = await push("team/up:1");
    const first = await pullImage(ctx, reference, { progress: silent });
    const asked = (await registry.requests()).length;
    expect(await pullImage(ctx, reference, { progress: silent })).toEqual(first);
    expect(await registry.requests()).toHaveLength(asked);
    await run(["truncate", "--size=1", home.layout.layer(first.layers[0]?.digest ?? "")]);
    const healed = await pullImage(ctx, reference, { progress: silent });
    expect(healed.layers).toEqual(first.layers);
  });

  it("is not found: the registry's answer is passed on, and no box made", async () => {
    await expect(add(`${registry.host}/no/such:1`)).rejects.toMatchObject({ code: "IMAGE_UNKNOWN" });
  });
});

describe("what lies on this host", () => {
  it.each([["layout"], ["./layout:web"], ["oci:layout"]])("an OCI layout: %s", async (text) => {
    const box = await add(text, { name: "shop/web" });
    expect(box).toMatchObject({ name: "shop/web", source: { manifest: written.manifest } });
  });

  it("an archive, by its content", async () => {
    await run(["tar", "-C", join(folder, "layout"), "-cf", join(folder, "Images 1.tar"), "."]);
    expect(await add("./Images 1.tar")).toMatchObject({ name: "images-1", command: ["serve"] });
  });

  it("an archive by its URL, which is where it came from", async () => {
    await run(["tar", "-C", join(folder, "layout"), "-cf", join(folder, "images.tar"), "."]);
    await using server = await serveFile(join(folder, "images.tar"));
    const box = await add(`${server.url}/images.tar`);
    expect(box).toMatchObject({
      name: "images",
      command: ["serve"],
      source: { file: `${server.url}/images.tar` },
    });
  });

  it("a root file system", async () => {
    const tar = await tarOf([
      { name: "bin/", type: "directory" },
      { name: "bin/sh", content: "#!", mode: 0o755 },
      { name: "etc/", type: "directory" },
      { name: "etc/os-release", content: "ID=tiny\n" },
    ]);
    await writeFile(join(folder, "rootfs.tar"), tar);
    expect(await add("rootfs.tar")).toMatchObject({
      name: "rootfs",
      source: { file: join(folder, "rootfs.tar") },
    });
    expect(reporter.lines("title").at(-1)).toBe("added rootfs");
  });

  it("says which it took when it could be an image", async () => {
    await add("layout");
    expect(reporter.lines("info")).toEqual([expect.stringContaining("`docker://layout` is the image")]);
  });
});

describe("what is refused before anything is done", () => {
  it.each<[string, AddBoxOptions]>([
    ["layout", { checksum: "sha256:00" }],
    ["nginx", { version: ">= 1" }],
    ["nginx", { provider: "lxc" }],
    ["web", { platform: "linux/arm64" }],
    ["https://127.0.0.1:1/x.box", { platform: "linux/arm64" }],
    ["./nothing", {}],
    ["layout", { name: "no name" }],
  ])("%s %j", async (text, options) => {
    await mkdir(join(folder, "web"));
    await writeFile(join(folder, "web/Dockerfile"), "FROM scratch\n");
    await expect(add(text, options)).rejects.toMatchObject({ code: "USAGE" });
  });

  it("a name that another box has, unless forced", async () => {
    await add("layout", { name: "web" });
    const reference = await push("team/other:1");
    await expect(add(reference, { name: "web" })).rejects.toMatchObject({ code: "NAME_TAKEN" });
    expect(await add(reference, { name: "web", force: true })).toMatchObject({
      source: { image: reference },
    });
  });
});

it("an opened image is told to be there", async () => {
  await using source = await openLayout(home.layout, join(folder, "layout"));
  const titles: string[] = [];
  const progress = { report: () => {}, title: (text: string) => void titles.push(text) };
  for (let time = 0; time < 2; time++)
    await addOpenedImage(ctx, source, { name: "web", shown: "web", progress });
  expect(titles).toEqual([expect.stringMatching(/^web: 2 layers, /), "web is there already"]);
});

it("a login or a signature of a URL is never shown", async () => {
  const url = "http://robin:hush@127.0.0.1:1/x.box?signature=hush";
  await expect(add(url)).rejects.toMatchObject({ message: expect.not.stringContaining("hush") });
  await expect(add(url, { platform: "linux/arm64" })).rejects.toMatchObject({
    hints: [expect.not.stringContaining("hush")],
  });
  expect(JSON.stringify(reporter.said)).not.toContain("hush");
});
