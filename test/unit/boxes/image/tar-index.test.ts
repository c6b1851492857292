import { mkdir, open, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { normalise } from "../../../../src/boxes/image/tar-header.ts";
import { bytesOfFile, firstFileName, indexTar } from "../../../../src/boxes/image/tar-index.ts";
import { run } from "../../../../src/system/index.ts";
import { tarOf } from "../../../support/oci-layout.ts";
import { type TempHome, tempHome } from "../../../support/temp-home.ts";

const LONG = `${"long".repeat(60)}/${"name".repeat(40)}`;
let home: TempHome;

beforeAll(async () => {
  home = await tempHome();
});
afterAll(() => home[Symbol.asyncDispose]());

/** What the index finds of a tar, read back from where it says. */
async function contentsOf(tar: Buffer | string): Promise<Record<string, string>> {
  const path = typeof tar === "string" ? tar : join(home.folder, "some.tar");
  if (typeof tar !== "string") await writeFile(path, tar);
  await using file = await open(path);
  const bytes = await bytesOfFile(file);
  const members = await indexTar(bytes, "some.tar");
  const read = [...members].map(async ([name, { offset, sizeBytes }]) => [
    name,
    (await bytes.readAt(offset, sizeBytes)).toString(),
  ]);
  return Object.fromEntries(await Promise.all(read));
}

/** Changes a field of the first header, and its checksum with it. */
function rewrite(tar: Buffer, at: number, value: string): void {
  tar.write(value, at);
  tar.fill(" ", 148, 156);
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
}

it.each([["gnu"], ["pax"], ["ustar"], ["v7"]])(
  "finds every file of what tar writes as %s",
  async (format) => {
    const folder = await home.sub(`tree-${format}`);
    const deep = format === "gnu" || format === "pax" ? LONG : "short/name";
    await mkdir(join(folder, deep, ".."), { recursive: true });
    await writeFile(join(folder, "a"), "first");
    await writeFile(join(folder, "empty"), "");
    await writeFile(join(folder, deep), "deep");
    await symlink("../a", join(folder, deep, "..", "link"));
    await run(["ln", join(folder, "a"), join(folder, "z")]);
    await run(["tar", `--format=${format}`, "-cf", `${folder}.tar`, "-C", folder, "."]);
    const link = deep.replace(/[^/]*$/, "link");
    expect(await contentsOf(`${folder}.tar`)).toEqual({
      ...{ a: "first", empty: "", [deep]: "deep", [link]: "first", z: "first" },
    });
  },
);

it("takes the last of a repeated name, and names apart from how they are written", async () => {
  const tar = await tarOf([
    { name: "./x", content: "old" },
    { name: "/x", content: "new" },
    { name: "a//../y/", content: "y" },
  ]);
  expect(await contentsOf(tar)).toMatchObject({ x: "new" });
  expect(normalise("./a//b/")).toBe("a/b");
});

it("follows links through links, and none in a circle", async () => {
  const tar = await tarOf([
    { name: "a/layer.tar", content: "layer" },
    { name: "b/layer.tar", type: "symlink", linkname: "../c/layer.tar" },
    { name: "c/layer.tar", type: "symlink", linkname: "../a/layer.tar" },
    { name: "round", type: "symlink", linkname: "round" },
    { name: "out", type: "symlink", linkname: "/etc/passwd" },
  ]);
  expect(await contentsOf(tar)).toEqual({
    ...{ "a/layer.tar": "layer", "b/layer.tar": "layer", "c/layer.tar": "layer" },
  });
});

it("reads on after a folder that claims a size, as old writers made them", async () => {
  const tar = await tarOf([
    { name: "folder/", type: "directory" },
    { name: "file", content: "here" },
  ]);
  rewrite(tar, 124, "00000002000\0");
  expect(await contentsOf(tar)).toEqual({ file: "here" });
});

describe("what is no whole archive", () => {
  it("has the files before the cut", async () => {
    const path = join(home.folder, "cut.tar");
    await writeFile(
      path,
      await tarOf([
        { name: "a", content: "a" },
        { name: "b", content: "b".repeat(2000) },
      ]),
    );
    await truncate(path, 512 * 4);
    expect(await contentsOf(path)).toEqual({ a: "a" });
  });

  it.each([
    ["text", Buffer.from("no tar at all\n".repeat(100))],
    ["noise", Buffer.alloc(2048, 0xa7)],
  ])("%s is refused", async (_, bytes) => {
    await expect(contentsOf(bytes)).rejects.toMatchObject({ code: "ARCHIVE_REFUSED" });
  });

  it("a header that claims a record of a gigabyte is refused", async () => {
    const tar = await tarOf([{ name: "x", content: "y" }]);
    rewrite(tar, 156, "x");
    rewrite(tar, 124, "10000000000\0");
    await expect(contentsOf(tar)).rejects.toMatchObject({ code: "ARCHIVE_REFUSED" });
  });

  it("an empty one has none", async () => {
    expect(await contentsOf(Buffer.alloc(0))).toEqual({});
    expect(await contentsOf(Buffer.alloc(1024))).toEqual({});
  });
});

it("tells the first file's name from the first bytes", async () => {
  const tar = await tarOf([
    { name: "blobs/", type: "directory" },
    { name: `blobs/${"x".repeat(150)}`, content: "y".repeat(5000) },
  ]);
  expect(await firstFileName(tar.subarray(0, 4096))).toBe(`blobs/${"x".repeat(150)}`);
  expect(await firstFileName(tar.subarray(0, 512))).toBeUndefined();
});
