import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ByteSource } from "../../../../src/boxes/layer/tar/byte-source.ts";
import { type TarEntry, TarReader } from "../../../../src/boxes/layer/tar/reader.ts";
import { run } from "../../../../src/system/index.ts";
import { tempHome } from "../../../support/temp-home.ts";
import { entryBytes, paxHeader, tar } from "./support.ts";

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Every entry with its data put where it belongs. */
async function read(bytes: Buffer, pieceSize = 10_000): Promise<(TarEntry & { data: Buffer })[]> {
  const reader = new TarReader(new ByteSource(inPieces(bytes, pieceSize)));
  const entries: (TarEntry & { data: Buffer })[] = [];
  for (let entry = await reader.next(); entry; entry = await reader.next()) {
    const pieces: Buffer[] = [];
    for (let piece = await reader.piece(); piece; piece = await reader.piece())
      pieces.push(Buffer.from(piece));
    entries.push({ ...entry, data: place(entry, Buffer.concat(pieces)) });
  }
  return entries;
}

function place({ extents, size }: TarEntry, stored: Buffer): Buffer {
  if (!extents) return stored;
  const whole = Buffer.alloc(size);
  let at = 0;
  for (const { offset, length } of extents) {
    stored.copy(whole, offset, at, at + length);
    at += length;
  }
  return whole;
}

/** A file with so many pieces of data between holes, and perhaps a hole at its end. */
async function writeHoles(path: string, pieces: number, hasEnd: boolean): Promise<Buffer> {
  const file = await open(path, "w");
  for (let index = 0; index < pieces; index++)
    await file.write(randomBytes(4096), 0, 4096, index * 20_480 + 8192);
  if (!hasEnd) await file.truncate(pieces * 20_480 + 100_000);
  await file.close();
  return readFile(path);
}

describe("TarReader", () => {
  it.each([
    ["gnu", ["--format=gnu"]],
    ["0.0", ["--format=pax", "--sparse-version=0.0"]],
    ["0.1", ["--format=pax", "--sparse-version=0.1"]],
    ["1.0", ["--format=pax", "--sparse-version=1.0"]],
  ])("reads holes as GNU tar writes them in format %s", async (_name, options) => {
    await using home = await tempHome();
    const folder = await home.sub("files");
    const contents = [
      await writeHoles(join(folder, "few"), 2, true),
      await writeHoles(join(folder, "many"), 60, false),
      await writeHoles(join(folder, "none"), 0, false),
    ];
    await writeFile(join(folder, "after"), "after");
    const archive = join(home.folder, "x.tar");
    const files = ["few", "many", "none", "after"];
    await run(["tar", "-C", folder, "--sparse", ...options, "-cf", archive, ...files]);
    const bytes = await readFile(archive);
    expect(bytes.length).toBeLessThan(500_000);
    for (const pieceSize of [100, 10_000, 1 << 20]) {
      const entries = await read(bytes, pieceSize);
      expect(entries.map((entry) => entry.name)).toEqual(files);
      for (const [index, content] of contents.entries()) {
        expect(entries[index]?.size).toBe(content.length);
        expect(entries[index]?.data.equals(content)).toBe(true);
      }
    }
  });

  it.each(["v7", "oldgnu", "gnu", "ustar", "pax"])("reads what GNU tar writes as %s", async (format) => {
    await using home = await tempHome();
    const folder = await home.sub("files");
    const long = format === "v7" ? "short" : join("d".repeat(60), "e".repeat(60), "f".repeat(60));
    await mkdir(join(folder, long, ".."), { recursive: true });
    await writeFile(join(folder, long), "content");
    await run(["touch", "-d", "@1500000000.5", join(folder, long)]);
    await run([
      "ln",
      "-s",
      "t".repeat(format === "v7" || format === "ustar" ? 90 : 300),
      join(folder, "link"),
    ]);
    await writeFile(join(folder, "plain"), "");
    await run(["ln", join(folder, "plain"), join(folder, "zhard")]);
    await run(["mknod", join(folder, "device"), "b", "7", "300"]);
    const owner = format === "gnu" || format === "pax" ? 3_000_000_000 : 70_000;
    await run(["chown", `${owner}:5`, join(folder, long)]);
    const archive = join(home.folder, "x.tar");
    const names = [long, "link", "plain", "zhard", ...(format === "v7" ? [] : ["device"])];
    await run(["tar", "-C", folder, `--format=${format}`, "-cf", archive, ...names]);
    const [file, link, , hard, device] = await read(await readFile(archive));
    const nanoseconds = format === "pax" ? 500_000_000 : 0;
    expect(file).toMatchObject({
      name: long,
      type: "file",
      attributes: { uid: owner, gid: 5, seconds: 1_500_000_000, nanoseconds },
    });
    expect(file?.data.toString()).toBe("content");
    expect(link).toMatchObject({ type: "symlink", link: expect.stringMatching(/^t{90}/) });
    expect(hard).toMatchObject({ name: "zhard", type: "hardlink", link: "plain" });
    if (format !== "v7") expect(device).toMatchObject({ type: "block", major: 7, minor: 300 });
  });

  it("applies global headers to what follows, and an entry's own before them", async () => {
    const bytes = Buffer.concat([
      entryBytes({ name: "before" }),
      paxHeader("g", { mtime: "5", comment: "an archive", uid: "9" }),
      entryBytes({ name: "after" }),
      tar({ name: "own", pax: { mtime: "6.000000001" } }),
    ]);
    expect(await read(bytes, 77)).toMatchObject([
      { name: "before", attributes: { seconds: 1000, uid: 0 } },
      { name: "after", attributes: { seconds: 5, uid: 9 } },
      { name: "own", attributes: { seconds: 6, nanoseconds: 1, uid: 9 } },
    ]);
  });

  it("passes over data that nobody reads, and knows old directories by their names", async () => {
    const reader = new TarReader(
      new ByteSource(inPieces(tar({ name: "a", data: "x".repeat(1500) }, { name: "b/", type: "\0" }), 600)),
    );
    expect(await reader.next()).toMatchObject({ name: "a", storedBytes: 1500 });
    expect(await reader.next()).toMatchObject({ name: "b/", type: "directory" });
    expect(await reader.next()).toBeUndefined();
    expect(reader.hasEnd).toBe(true);
  });
});
