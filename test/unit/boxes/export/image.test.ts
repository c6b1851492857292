import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { layerTitle, writeLayerBlob } from "../../../../src/boxes/export/blob.ts";
import { writeImage } from "../../../../src/boxes/export/image.ts";
import { isSystemd } from "../../../../src/boxes/export/init.ts";
import { folderSink, tarSink } from "../../../../src/boxes/export/sink.ts";
import { resolveLayers } from "../../../../src/boxes/index.ts";
import { layerSteps, mounted } from "../../../../src/boxes/mounted/index.ts";
import { indexSchema, manifestSchema } from "../../../../src/boxes/oci/schema.ts";
import { run } from "../../../../src/system/index.ts";
import { scriptedBox } from "../../../support/scripted-box.ts";
import { tempHome } from "../../../support/temp-home.ts";

describe("writeImage", () => {
  it("writes each layer once, with the digests of what it wrote", async () => {
    await using home = await tempHome();
    const box = await scriptedBox(home.layout, "twice", ["echo 1 >a"]);
    const twice = { ...box, layers: [...box.layers, ...box.layers] };
    const layers = await resolveLayers(home.layout, twice);
    const folder = join(home.folder, "image");
    await writeImage({ layout: home.layout, box: twice, layers, format: "docker" }, await folderSink(folder));
    const read = async (name: string) => JSON.parse(await readFile(join(folder, name), "utf8"));
    const index = indexSchema.parse(await read("index.json"));
    const blob = (digest = "") => `blobs/${digest.replace(":", "/")}`;
    const manifest = manifestSchema.parse(await read(blob(index.manifests[0]?.digest)));
    expect(manifest.layers).toHaveLength(2);
    expect((await readdir(join(folder, "blobs/sha256"))).length).toBe(3);
    expect((await readdir(folder)).sort()).toEqual(["blobs", "index.json", "manifest.json", "oci-layout"]);
    const sums = (await readdir(join(folder, "blobs/sha256"))).map((name) => `${name}  ${name}\n`).join("");
    await run(["sha256sum", "--quiet", "-c"], { cwd: join(folder, "blobs/sha256"), input: sums });
    expect((await read("manifest.json"))[0]).toMatchObject({
      RepoTags: ["twice:latest"],
      Layers: [1, 1].map(() => blob(manifest.layers[0]?.digest)),
    });
  });
});

describe("writeLayerBlob", () => {
  it("tells both digests of a packed layer", async () => {
    await using home = await tempHome();
    const box = await scriptedBox(home.layout, "one", [
      "mkdir -p usr/lib/systemd; touch usr/lib/systemd/systemd",
    ]);
    const layers = await resolveLayers(home.layout, box);
    await using mounts = await mounted(home.layout, layerSteps(layers));
    const path = join(home.folder, "blob");
    const blob = await writeLayerBlob(mounts, 0, path, { gzip: true });
    const sums = await run([
      "sh",
      "-c",
      `sha256sum <${path}; gunzip <${path} | sha256sum; stat -c %s ${path}`,
    ]);
    expect(sums.stdout).toBe(`${blob.digest}  -\n${blob.diffId}  -\n${blob.sizeBytes}\n`);
    expect(layerTitle(0, layers)).toBe("writing layer 1 of 1");
    expect([await isSystemd(mounts, "/sbin/init"), await isSystemd(mounts, undefined)]).toEqual([
      true,
      false,
    ]);
  });
});

describe("tarSink", () => {
  it("writes a tar with each folder once, and takes files away", async () => {
    await using home = await tempHome();
    const [path, file] = [join(home.folder, "a.tar"), join(home.folder, "blob")];
    await writeFile(file, "x".repeat(1000));
    const sink = await tarSink(path, home.folder);
    await sink.take("blobs/sha256/1", file, 1000);
    await sink.write("blobs/sha256/2", "two");
    await sink.finish();
    expect((await run(["tar", "-tf", path])).stdout).toBe(
      "blobs/\nblobs/sha256/\nblobs/sha256/1\nblobs/sha256/2\n",
    );
    expect((await run(["tar", "-xOf", path, "blobs/sha256/1", "blobs/sha256/2"])).stdout).toBe(
      `${"x".repeat(1000)}two`,
    );
    expect((await readdir(home.folder)).includes("blob")).toBe(false);
    await mkdir(join(home.folder, "again"));
    await expect(tarSink(path, home.folder)).rejects.toMatchObject({ code: "EEXIST" });
  });
});
