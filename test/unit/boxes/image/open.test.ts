import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openArchive, openLayout } from "../../../../src/boxes/image/index.ts";
import type { ImageSource } from "../../../../src/boxes/oci/source.ts";
import { run } from "../../../../src/system/index.ts";
import {
  digestOf,
  hostArchitecture,
  tarOf,
  type WrittenImage,
  writeLayout,
} from "../../../support/oci-layout.ts";
import { type TempHome, tempHome } from "../../../support/temp-home.ts";

const OTHER = hostArchitecture() === "amd64" ? "arm64" : "amd64";
const LAYERS = [
  [
    { name: "etc/", type: "directory" as const },
    { name: "etc/one", content: "1" },
  ],
  [{ name: "two", content: "2" }],
];
let home: TempHome;
let folder: string;
let written: WrittenImage;

beforeAll(async () => {
  home = await tempHome();
  folder = await home.sub("layout");
  written = await writeLayout(folder, { layers: LAYERS, config: { Cmd: ["true"] }, tag: "web" });
});
afterAll(() => home[Symbol.asyncDispose]());

/** The digests of what the source hands out as blobs. */
async function blobsOf(source: ImageSource): Promise<string[]> {
  return Promise.all(source.layers.map(async (layer) => digestOf(await readFile(await source.blob(layer)))));
}

/** A copy of the layout with another index.json. */
async function layoutWith(name: string, manifests: object[]): Promise<string> {
  const copy = join(home.folder, name);
  await run(["cp", "-r", folder, copy]);
  await writeFile(join(copy, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  return copy;
}

function entry(tag?: string, more: object = {}): object {
  const annotations = tag === undefined ? undefined : { "org.opencontainers.image.ref.name": tag };
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  return { mediaType, digest: written.manifest, size: 400, annotations, ...more };
}

async function manifestSize(): Promise<number> {
  return (await readFile(join(folder, "blobs", written.manifest.replace(":", "/")))).length;
}

describe("an OCI layout", () => {
  it.each([["oci:"], [""]])(
    "is opened with `%s` before its folder, its blobs used where they are",
    async (prefix) => {
      await using source = await openLayout(home.layout, `${prefix}${folder}:web`);
      expect(source).toMatchObject({
        reference: `oci:${folder}:web`,
        manifest: written.manifest,
        platform: `linux/${hostArchitecture()}`,
        config: { config: { Cmd: ["true"] } },
      });
      expect(await blobsOf(source)).toEqual(written.layers.map(({ digest }) => digest));
      const [first] = source.layers;
      if (!first) throw new Error("no layer");
      expect(await source.blob(first)).toBe(join(folder, "blobs", first.digest.replace(":", "/")));
      await source.forget(first);
      expect(await readdir(join(folder, "blobs/sha256"))).toContain(first.digest.slice(7));
    },
  );

  it("needs no tag when it has one image, whatever its tags", async () => {
    const size = await manifestSize();
    const copy = await layoutWith("tags", [
      entry("a", { size }),
      entry("b", { size }),
      entry(undefined, { size }),
    ]);
    await using source = await openLayout(home.layout, "oci:tags", { cwd: home.folder });
    expect(source.manifest).toBe(written.manifest);
    expect(source.reference).toBe(`oci:${copy}`);
    await using byDigest = await openLayout(home.layout, `${copy}:${written.manifest}`);
    expect(byDigest.manifest).toBe(written.manifest);
  });

  it("lists its images when one has to be chosen, or is not there", async () => {
    const size = await manifestSize();
    const other = `sha256:${"0".repeat(64)}`;
    const copy = await layoutWith("two", [entry("a", { size }), entry("b", { digest: other })]);
    const failure = { code: "IMAGE_UNKNOWN", hints: ["there are: a, b", `bothy box add oci:${copy}:a`] };
    await expect(openLayout(home.layout, copy)).rejects.toMatchObject(failure);
    await expect(openLayout(home.layout, `oci:${copy}:c`)).rejects.toMatchObject({
      ...failure,
      message: `\`oci:${copy}\` has no image \`c\``,
    });
    await using a = await openLayout(home.layout, `${copy}:a`);
    expect(a.manifest).toBe(written.manifest);
  });

  it("chooses by platform, through indexes in indexes, and passes over what is no image", async () => {
    const size = await manifestSize();
    const platform = { os: "linux", architecture: hostArchitecture() };
    const index = JSON.stringify({
      schemaVersion: 2,
      manifests: [
        { mediaType: "application/x-attestation", digest: "blake3:00", size: 1 },
        entry(undefined, {
          digest: `sha256:${"1".repeat(64)}`,
          platform: { os: "linux", architecture: OTHER },
        }),
        entry(undefined, { size, platform }),
      ],
    });
    const type = "application/vnd.oci.image.index.v1+json";
    const copy = await layoutWith("multi", [
      { mediaType: type, digest: digestOf(index), size: index.length },
    ]);
    await writeFile(join(copy, "blobs/sha256", digestOf(index).slice(7)), index);
    await using source = await openLayout(home.layout, copy);
    expect(source.manifest).toBe(written.manifest);
    await expect(openLayout(home.layout, copy, { platform: "linux/s390x" })).rejects.toMatchObject({
      code: "PLATFORM_MISSING",
      hints: [`there are: linux/${OTHER}, linux/${hostArchitecture()}`],
    });
  });

  it("is refused when it is for another platform", async () => {
    const place = await home.sub("foreign");
    await writeLayout(place, { layers: LAYERS, architecture: OTHER });
    await expect(openLayout(home.layout, place)).rejects.toMatchObject({ code: "PLATFORM_MISSING" });
    await using source = await openLayout(home.layout, place, { platform: OTHER });
    expect(source.platform).toBe(`linux/${OTHER}`);
  });
});

describe("a damaged layout", () => {
  const layerFile = (place: string) =>
    join(place, "blobs", written.layers[0]?.digest.replace(":", "/") ?? "");

  it("has a layer of other bytes or another size, or none: said when it is asked for, and nothing is deleted", async () => {
    const place = join(home.folder, "damaged");
    await run(["cp", "-r", folder, place]);
    const bytes = await readFile(layerFile(place));
    await using source = await openLayout(home.layout, place);
    const blob = () => source.blob(source.layers[0] ?? { mediaType: "", digest: "", size: 0 });
    await writeFile(layerFile(place), Buffer.alloc(bytes.length, 1));
    await expect(blob()).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH", message: /digest/ });
    await truncate(layerFile(place), 5);
    await expect(blob()).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH", message: /5 bytes instead of/ });
    await rm(layerFile(place));
    await expect(blob()).rejects.toMatchObject({ code: "IMAGE_INVALID", message: /is missing/ });
  });

  it("has a manifest that is not what its name says", async () => {
    const place = join(home.folder, "forged");
    await run(["cp", "-r", folder, place]);
    const path = join(place, "blobs", written.manifest.replace(":", "/"));
    await writeFile(path, (await readFile(path, "utf8")).replace("tar+gzip", "tar+zstd"));
    await expect(openLayout(home.layout, place)).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
  });

  it("is no layout, or not there", async () => {
    await expect(openLayout(home.layout, home.layout.home)).rejects.toMatchObject({ code: "IMAGE_INVALID" });
    await expect(openLayout(home.layout, "/no/such:x")).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("an archive", () => {
  const left = async () => readdir(home.layout.temporary());

  it.each([
    ["oci-archive", "tar", []],
    ["oci-archive", "tar.gz", ["-z"]],
    ["oci-archive", "tar.zst", ["--zstd"]],
  ])("with an OCI layout (%s, %s) hands out verified blobs and leaves nothing", async (kind, suffix, how) => {
    const path = join(home.folder, `layout.${suffix}`);
    await run(["tar", ...how, "-cf", path, "-C", folder, "."]);
    {
      await using source = await openArchive(home.layout, `${kind}:${path}:web`);
      expect(source).toMatchObject({ reference: `oci-archive:${path}:web`, manifest: written.manifest });
      expect(await blobsOf(source)).toEqual(written.layers.map(({ digest }) => digest));
      for (const layer of source.layers) await source.forget(layer);
    }
    expect(await left()).toEqual([]);
  });

  it("that `docker save` wrote long ago: linked layers, several images", async () => {
    const [base, top] = await Promise.all(LAYERS.map((layer) => tarOf(layer)));
    if (!base || !top) throw new Error("no layers");
    const config = (layers: Buffer[], cmd: string) =>
      JSON.stringify({
        ...{ os: "linux", architecture: hostArchitecture(), config: { Cmd: [cmd] } },
        rootfs: { type: "layers", diff_ids: layers.map((layer) => digestOf(layer)) },
      });
    const manifest = [
      { Config: "one.json", RepoTags: ["web:1", "me/web:latest"], Layers: ["a/layer.tar"] },
      { Config: "two.json", RepoTags: null, Layers: ["b/layer.tar", "c/layer.tar"] },
    ];
    const path = join(home.folder, "saved.tar");
    await writeFile(
      path,
      await tarOf([
        { name: "a/layer.tar", content: base },
        { name: "b/layer.tar", type: "symlink", linkname: "../a/layer.tar" },
        { name: "c/layer.tar", content: top },
        { name: "one.json", content: config([base], "one") },
        { name: "two.json", content: config([base, top], "two") },
        { name: "manifest.json", content: JSON.stringify(manifest) },
      ]),
    );
    for (const name of ["web:1", "docker.io/library/web:1", "me/web", "latest"]) {
      await using one = await openArchive(home.layout, `${path}:${name}`);
      expect(one).toMatchObject({ reference: `docker-archive:${path}:${name}`, layers: [{}] });
    }
    await using two = await openArchive(home.layout, `docker-archive:${path}:two.json`);
    expect(await blobsOf(two)).toEqual([digestOf(base), digestOf(top)]);
    expect(two.manifest).toBe(digestOf(config([base, top], "two")));
    await expect(openArchive(home.layout, path)).rejects.toMatchObject({
      code: "IMAGE_UNKNOWN",
      hints: ["there are: web:1, me/web:latest, two.json", `bothy box add docker-archive:${path}:web:1`],
    });
  });

  it.each([
    ["a layer is missing", [{ Config: "c.json", Layers: ["none"] }], "{}", "IMAGE_INVALID"],
    ["the configuration is missing", [{ Config: "d.json", Layers: [] }], "{}", "IMAGE_INVALID"],
    ["the configuration is none", [{ Config: "c.json", Layers: [] }], "[]", "IMAGE_INVALID"],
    ["the manifest is none", { Config: "c.json" }, "{}", "IMAGE_INVALID"],
    ["there is no image", [], "{}", "IMAGE_UNKNOWN"],
  ])("is refused when %s", async (_, manifest, config, code) => {
    const path = join(home.folder, "bad.tar");
    const content = JSON.stringify(manifest);
    await writeFile(
      path,
      await tarOf([
        { name: "c.json", content: config },
        { name: "manifest.json", content },
      ]),
    );
    await expect(openArchive(home.layout, path)).rejects.toMatchObject({ code });
    expect(await left()).toEqual([]);
  });

  it.each([
    ["no archive", Buffer.from("hello\n".repeat(200)), "ARCHIVE_REFUSED"],
    ["a damaged gzip", Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]), "ARCHIVE_REFUSED"],
  ])("is refused when it is %s", async (_, bytes, code) => {
    const path = join(home.folder, "bad");
    await writeFile(path, bytes);
    await expect(openArchive(home.layout, path)).rejects.toMatchObject({ code });
    expect(await left()).toEqual([]);
  });

  it("is refused when it is a root file system", async () => {
    const path = join(home.folder, "rootfs.tar");
    await writeFile(path, await tarOf([{ name: "etc/hostname", content: "x" }]));
    await expect(openArchive(home.layout, path)).rejects.toMatchObject({ code: "IMAGE_INVALID" });
  });

  it("is given up when interrupted", async () => {
    const path = join(home.folder, "some.tar.gz");
    await run(["tar", "-zcf", path, "-C", folder, "."]);
    const signal = AbortSignal.abort();
    await expect(openArchive(home.layout, path, { signal })).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(await left()).toEqual([]);
  });
});
