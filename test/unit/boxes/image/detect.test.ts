import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isImageArchive } from "../../../../src/boxes/image/index.ts";
import { run } from "../../../../src/system/index.ts";
import { type LayerEntry, tarOf } from "../../../support/oci-layout.ts";
import { type TempHome, tempHome } from "../../../support/temp-home.ts";

const HEX = "0123456789abcdef".repeat(4);
const LAYER = { name: `${HEX}/layer.tar`, content: Buffer.alloc(200_000, 1) };
let home: TempHome;

beforeAll(async () => {
  home = await tempHome();
});
afterAll(() => home[Symbol.asyncDispose]());

it.each<[string, LayerEntry[], boolean]>([
  ["docker save", [LAYER, { name: "manifest.json" }], true],
  [
    "an OCI layout",
    [{ name: "blobs/", type: "directory" }, { name: "blobs/sha256/x" }, { name: "oci-layout" }],
    true,
  ],
  ["a layout with its index first", [{ name: "./index.json" }, { name: "./oci-layout" }], true],
  ["a Vagrant box", [{ name: "./metadata.json" }, { name: "./box.img" }], false],
  ["a root file system", [{ name: "bin/", type: "directory" }, { name: "bin/sh" }], false],
  ["nothing", [], false],
])("%s, plain and compressed", async (_, entries, expected) => {
  const tar = await tarOf(entries);
  const path = join(home.folder, "some");
  await writeFile(path, tar);
  expect(await isImageArchive(path)).toBe(expected);
  await writeFile(`${path}.gz`, gzipSync(tar));
  expect(await isImageArchive(`${path}.gz`)).toBe(expected);
  for (const tool of ["zstd", "xz", "bzip2"]) {
    await run([tool, "-qkf", path]);
    const suffix = { zstd: "zst", xz: "xz", bzip2: "bz2" }[tool];
    expect(await isImageArchive(`${path}.${suffix}`)).toBe(expected);
  }
});

it.each([
  ["a disk", Buffer.from("QFI\xfb disk".repeat(100), "latin1")],
  ["a damaged gzip", Buffer.from("1f8b0800", "hex")],
  ["an empty file", Buffer.alloc(0)],
])("%s is none", async (_, bytes) => {
  const path = join(home.folder, "other");
  await writeFile(path, bytes);
  expect(await isImageArchive(path)).toBe(false);
});
