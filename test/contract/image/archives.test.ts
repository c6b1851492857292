import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addImage, openArchive, openLayout } from "../../../src/boxes/image/index.ts";
import type { Box } from "../../../src/boxes/index.ts";
import { readText } from "../../../src/boxes/layer/index.ts";
import type { ImageSource } from "../../../src/boxes/oci/source.ts";
import { run } from "../../../src/system/index.ts";
import { type WrittenImage, writeLayout } from "../../support/oci-layout.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

const CONFIG = {
  Entrypoint: ["/entry"],
  Cmd: ["serve"],
  Env: ["PATH=/bin"],
  Labels: { a: "b" },
  User: "www",
};
const FOLDER = { name: "etc/", type: "directory", mode: 0o755 } as const;
const LAYERS = [
  [FOLDER, { name: "etc/who", content: "below\n" }, { name: "etc/gone", content: "x" }],
  [
    { name: "etc/who", content: "above\n" },
    { name: "etc/.wh.gone", content: "" },
  ],
];
let home: TempHome;
let layout: string;
let written: WrittenImage;

beforeAll(async () => {
  home = await tempHome();
  layout = await home.sub("layout");
  written = await writeLayout(layout, { layers: LAYERS, config: CONFIG, tag: "web" });
});
afterAll(() => home[Symbol.asyncDispose]());

/** Everything of the image has arrived, and nothing lies about. */
async function expectWhole(box: Box): Promise<void> {
  expect(box).toMatchObject({ entrypoint: ["/entry"], command: ["serve"], runAs: "www", labels: { a: "b" } });
  expect(box.environment).toEqual({ PATH: "/bin" });
  const diffIds = box.layers.map(({ diffId }) => `sha256:${diffId}`);
  expect(diffIds).toEqual(written.layers.map(({ diffId }) => diffId));
  expect(await readText(home.layout, box.layers, "/etc/who")).toBe("above\n");
  expect(await readText(home.layout, box.layers, "/etc/gone")).toBeUndefined();
  expect(await readdir(home.layout.temporary())).toEqual([]);
}

async function add(name: string, open: Promise<ImageSource>): Promise<Box> {
  await using source = await open;
  return await addImage(home.layout, source, name);
}

const skopeo = (...argv: string[]) => run(["skopeo", "copy", "--quiet", ...argv]);

describe("an OCI layout", () => {
  it.each([
    ["as-it-is", []],
    ["zstd", ["--dest-compress", "--dest-compress-format", "zstd"]],
    ["plain", ["--dest-decompress"]],
  ])("that skopeo wrote: %s", async (name, how) => {
    const copy = join(home.folder, `skopeo-${name}`);
    await skopeo(...how, `oci:${layout}:web`, `oci:${copy}:1`);
    await expectWhole(await add(`layout/${name}`, openLayout(home.layout, `oci:${copy}:1`)));
  });

  it("that umoci changed: several tags, one more step of history", async () => {
    const copy = join(home.folder, "umoci");
    await run(["cp", "-r", layout, copy]);
    const set = [
      "--config.workingdir",
      "/srv",
      "--config.exposedports",
      "80/tcp",
      "--config.volume",
      "/data",
    ];
    await run(["umoci", "config", "--image", `${copy}:web`, "--tag", "more", ...set]);
    const box = await add("layout/umoci", openLayout(home.layout, `${copy}:more`));
    await expectWhole(box);
    expect(box).toMatchObject({ workdir: "/srv", exposedPorts: ["80/tcp"], volumes: ["/data"] });
    expect(box.history?.at(-1)?.emptyLayer).toBe(true);
    await expect(openLayout(home.layout, copy)).rejects.toMatchObject({ code: "IMAGE_UNKNOWN" });
  });
});

describe("an archive", () => {
  it("for `docker load`, of skopeo: alone it needs no name", async () => {
    const file = join(home.folder, "docker.tar");
    await skopeo(`oci:${layout}:web`, `docker-archive:${file}:shop/web:1`);
    for (const [index, text] of [file, `docker-archive:${file}:shop/web:1`].entries()) {
      const box = await add(`archive/docker${index}`, openArchive(home.layout, text));
      await expectWhole(box);
      expect(box.source).toMatchObject({ archive: expect.stringContaining(`docker-archive:${file}`) });
    }
  });

  it.each([["gzip"], ["zstd"], ["xz"]])("packed with %s", async (tool) => {
    const file = join(home.folder, `packed-${tool}.tar`);
    await skopeo(`oci:${layout}:web`, `docker-archive:${file}`);
    await run([tool, file]);
    const packed = (await readdir(home.folder)).find((name) => name.startsWith(`packed-${tool}.tar.`)) ?? "";
    await expectWhole(await add(`archive/${tool}`, openArchive(home.layout, join(home.folder, packed))));
  });

  it("with an OCI layout, of skopeo", async () => {
    const file = join(home.folder, "oci.tar");
    await skopeo(`oci:${layout}:web`, `oci-archive:${file}:shop/web:1`);
    await expectWhole(await add("archive/oci", openArchive(home.layout, `oci-archive:${file}:shop/web:1`)));
  });

  it("that is cut off says so, and the store stays as it was", async () => {
    const file = join(home.folder, "cut.tar");
    await skopeo(`oci:${layout}:web`, `oci-archive:${file}`);
    await run(["truncate", "--size=3K", file]);
    await expect(add("archive/cut", openArchive(home.layout, file))).rejects.toMatchObject({
      name: "BothyError",
    });
    expect(await readdir(home.layout.temporary())).toEqual([]);
  });
});
