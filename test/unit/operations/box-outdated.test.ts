import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dockerfileInputs } from "../../../src/boxes/dockerfile/index.ts";
import type { Box } from "../../../src/boxes/index.ts";
import { saveBox } from "../../../src/boxes/store.ts";
import { newestOffer } from "../../../src/operations/box-catalog.ts";
import { outdatedBoxes } from "../../../src/operations/box-outdated.ts";
import { type FakeLab, fakeLab } from "../../support/fake-lab.ts";
import { writeLayout } from "../../support/oci-layout.ts";
import { putBox } from "../boxes/support.ts";

/** What is said of a box with this source. */
async function ageOf(lab: FakeLab, source: Box["source"]) {
  const box = { ...(await putBox(lab.ctx.layout, "box", ["a"])), source };
  await saveBox(lab.ctx.layout, box);
  return (await outdatedBoxes(lab.ctx, ["box"])).boxes[0];
}

/** One where the better provider is ahead of the other. */
function catalogOfTwo(): string {
  const offers = { "1.0": ["lxc", "libvirt"], "2.0": ["libvirt"] };
  const versions = Object.entries(offers).map(([version, names]) => ({
    version,
    providers: names.map((name) => ({ name, url: `${name}.box` })),
  }));
  return JSON.stringify({ name: "shop/web", versions });
}

function catalogOf(...versions: string[]): string {
  const providers = [{ name: "libvirt", url: "box.box" }];
  return JSON.stringify({ name: "shop/web", versions: versions.map((version) => ({ version, providers })) });
}

describe("box outdated", () => {
  it("says which boxes it could not read", async () => {
    await using lab = await fakeLab();
    await writeFile(lab.ctx.layout.box("bad"), "{");
    expect((await outdatedBoxes(lab.ctx, [])).boxes.map(({ name }) => name)).toEqual(["debian/12"]);
    expect(lab.ctx.reporter.lines("warn")).toEqual([
      "the box `bad` is left out, it cannot be read: `bothy box remove bad`",
    ]);
  });

  it.each([
    [undefined, /where it came from/],
    [{ machine: "shop/web", base: "debian/12" }, /made of the machine shop\/web/],
    [{ file: "/srv/disk.qcow2" }, /no versions/],
    [{ recipe: "no/such", inputs: "a".repeat(64) }, /no recipe/],
    [
      {
        image: `docker.io/library/web@sha256:${"a".repeat(64)}`,
        manifest: "sha256:a",
        platform: "linux/amd64",
      },
      /by its digest/,
    ],
  ])("has nothing to compare %j with", async (source, reason) => {
    await using lab = await fakeLab();
    expect(await ageOf(lab, source)).toMatchObject({
      ...{ name: "box", state: "fixed", current: null, newest: null },
      reason: expect.stringMatching(reason),
    });
  });

  it("compares an OCI layout's image with what the layout has now", async () => {
    await using lab = await fakeLab();
    const folder = await lab.home.sub("layout");
    const { manifest } = await writeLayout(folder, { layers: [[{ name: "a", content: "1" }]] });
    const archive = `oci:${folder}:latest`;
    expect(await ageOf(lab, { archive, manifest })).toMatchObject({ state: "current", current: manifest });
    const next = await writeLayout(folder, { layers: [[{ name: "a", content: "2" }]] });
    expect(await ageOf(lab, { archive, manifest })).toMatchObject({
      state: "outdated",
      newest: next.manifest,
    });
  });

  it("compares a Dockerfile's box with what building would use now", async () => {
    await using lab = await fakeLab();
    const context = await lab.home.sub("context");
    const dockerfile = join(context, "Dockerfile");
    await writeFile(dockerfile, "FROM scratch\nCOPY . /\n");
    const spec = { context, dockerfile, args: {} };
    const source = { ...spec, inputs: await dockerfileInputs(lab.ctx.layout, spec) };
    expect(await ageOf(lab, source)).toMatchObject({ state: "current", kind: "dockerfile" });
    await writeFile(join(context, "new"), "");
    expect(await ageOf(lab, source)).toMatchObject({ state: "outdated", current: source.inputs });
  });

  it("looks for the newest version that a catalog has for the box's constraint", async () => {
    await using lab = await fakeLab();
    const catalog = join(await lab.home.sub("catalog"), "web.json");
    const source = { file: "box.box", catalog, constraint: "~> 1.2", boxVersion: "1.2.0" };
    await writeFile(catalog, catalogOf("1.2.0", "2.0.0"));
    expect(await ageOf(lab, source)).toMatchObject({ state: "current", newest: "1.2.0" });
    await writeFile(catalog, catalogOf("1.2.0", "1.10.0", "2.0.0"));
    expect(await ageOf(lab, source)).toMatchObject({ state: "outdated", current: "1.2.0", newest: "1.10.0" });
  });

  it("says of what cannot be asked why, and goes on", async () => {
    await using lab = await fakeLab();
    const source = { archive: "oci:/no/such", manifest: "sha256:a" };
    await saveBox(lab.ctx.layout, { ...(await putBox(lab.ctx.layout, "gone", ["a"])), source });
    await putBox(lab.ctx.layout, "other", ["a"]);
    expect(await outdatedBoxes(lab.ctx, [])).toMatchObject({
      boxes: [
        { name: "debian/12", state: "fixed" },
        { name: "gone", state: "failed", reason: expect.stringContaining("/no/such") },
        { name: "other", state: "fixed" },
      ],
    });
  });
});

it("asks a catalog for the provider that the box was chosen for", async () => {
  await using lab = await fakeLab();
  const catalog = join(await lab.home.sub("catalog"), "web.json");
  await writeFile(catalog, catalogOfTwo());
  const source = { file: "lxc.box", catalog, boxVersion: "1.0" } as const;
  expect(await ageOf(lab, { ...source, provider: "lxc" })).toMatchObject({ state: "current" });
  expect(await ageOf(lab, source)).toMatchObject({ state: "outdated", newest: "2.0" });
});

describe("a catalog", () => {
  it("is read from where it is, with what it refers to relative to that", async () => {
    await using lab = await fakeLab();
    const server = createServer((_, response) => response.end(catalogOf("1.0", "1.1")));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    try {
      expect(
        await newestOffer(lab.ctx, `http://127.0.0.1:${port}/boxes/web.json`, { constraint: "< 1.1" }),
      ).toMatchObject({
        ...{ version: "1.0", url: `http://127.0.0.1:${port}/boxes/box.box` },
      });
    } finally {
      server.close();
    }
    await writeFile(join(lab.folder, "web.json"), catalogOf("3"));
    expect(await newestOffer(lab.ctx, "web.json")).toMatchObject({ version: "3" });
    await expect(newestOffer(lab.ctx, "/no/such.json")).rejects.toMatchObject({ code: "BOX_INVALID" });
  });
});
