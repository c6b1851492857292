import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { digestOfFile } from "../../../src/boxes/digest.ts";
import { findLayer, importTree, removeIndexEntries } from "../../../src/boxes/layer/index.ts";
import { tempHome } from "../../support/temp-home.ts";
import { type Entry, entryBytes, importBytes, listing, noise, tar } from "./layer/support.ts";

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
const folder = (name: string, more: Partial<Entry> = {}): Entry => ({ name, type: "5", ...more });
const PLAIN_ROOT = "directory 755 0:0 0";

describe("importTar", () => {
  it("keeps everything that a tar can say of files", async () => {
    await using home = await tempHome();
    const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");
    const layer = await importBytes(
      home.layout,
      tar(
        folder("./", { mode: 0o711, uid: 5, gid: 6, mtime: 7 }),
        folder("./dir/", { mode: 0o1777, pax: { mtime: "-1.25", uid: "3000000000", gid: "2097152" } }),
        { name: "./dir/file", data: "content", mode: 0o4755, uid: 1000, gid: 1001, mtime: 1234 },
        { name: "dir/hard", type: "1", link: "./dir/file", size: 7 },
        { name: "dir/soft", type: "2", link: "../../outside is fine for a target" },
        { name: "dir/hardsoft", type: "1", link: "dir/soft" },
        { name: "dev/null", type: "3", major: 1, minor: 3, mode: 0o666 },
        { name: "dev/sda", type: "4", major: 259, minor: 70000 },
        { name: "dev/fifo", type: "6" },
        { name: "caps", data: "x", pax: { "SCHILY.xattr.security.capability": capability } },
        {
          name: "attributes",
          data: "x",
          pax: {
            "LIBARCHIVE.xattr.user.a%20b": "AAEC",
            "SCHILY.xattr.user.overlay.opaque": "y",
            "SCHILY.xattr.trusted.overlay.redirect": "/x",
            "SCHILY.xattr.security.selinux": "label",
            "SCHILY.xattr.user.plain": "text",
          },
        },
        { name: "empty" },
      ),
    );
    expect(await listing(home.layout, layer)).toEqual({
      ".": "directory 711 5:6 7",
      dir: "directory 1777 3000000000:2097152 -2.750000000",
      "dir/file": "file 4755 1000:1001 1234 content",
      "dir/hard": "file 4755 1000:1001 1234 content",
      "dir/soft": "symlink 777 0:0 1000 ../../outside is fine for a target",
      "dir/hardsoft": "symlink 777 0:0 1000 ../../outside is fine for a target",
      dev: PLAIN_ROOT,
      "dev/null": "character 666 0:0 1000 1:3",
      "dev/sda": "block 644 0:0 1000 259:70000",
      "dev/fifo": "fifo 644 0:0 1000",
      caps: `file 644 0:0 1000 security.capability=${capability.toString("latin1")} x`,
      attributes: "file 644 0:0 1000 user.a b=\0\x01\x02 user.plain=text x",
      empty: "file 644 0:0 1000 ",
    });
  });

  it("takes the last of entries with the same name, whatever they are", async () => {
    await using home = await tempHome();
    const layer = await importBytes(
      home.layout,
      tar(
        { name: "file", data: "first" },
        { name: "linked", type: "1", link: "file" },
        { name: "file", data: "second" },
        folder("was-dir"),
        { name: "was-dir/inside", data: "gone" },
        { name: "was-dir", data: "a file now" },
        { name: "was-file", data: "gone" },
        folder("was-file", { mode: 0o700 }),
        { name: "was-file/inside", data: "there" },
        folder("was-file", { mode: 0o711 }),
        { name: "was-link", type: "2", link: "file" },
        { name: "was-link", data: "no link" },
      ),
    );
    expect(await listing(home.layout, layer)).toEqual({
      ".": PLAIN_ROOT,
      file: "file 644 0:0 1000 second",
      linked: "file 644 0:0 1000 first",
      "was-dir": "file 644 0:0 1000 a file now",
      "was-file": "directory 711 0:0 1000",
      "was-file/inside": "file 644 0:0 1000 there",
      "was-link": "file 644 0:0 1000 no link",
    });
  });

  it("keeps names that are no UTF-8, and very long ones", async () => {
    await using home = await tempHome();
    const long = Array.from({ length: 15 }, (_, index) => String(index).padEnd(200, "x")).join("/");
    const layer = await importBytes(
      home.layout,
      tar(
        { name: Buffer.from("caf\xe9", "latin1"), data: "bytes" },
        { name: "x", pax: { path: long }, data: "y" },
      ),
    );
    const found = await listing(home.layout, layer);
    expect(found["caf\xe9"]).toBe("file 644 0:0 1000 bytes");
    expect(found[long]).toBe("file 644 0:0 1000 y");
  });

  it("gives the same layer for the same tar, however it is packed, and finds it again", async () => {
    await using home = await tempHome();
    await using other = await tempHome();
    const bytes = tar(folder("./"), { name: "file", data: noise(100_000) });
    let counted = 0;
    const onBytes = (count: number) => (counted += count);
    const layer = await importBytes(home.layout, bytes, [], { onBytes });
    expect(counted).toBe(bytes.length);
    expect(layer).toEqual(await importBytes(other.layout, gzipSync(bytes), [], { diffId: sha256(bytes) }));
    expect(layer).toMatchObject({ diffId: sha256(bytes) });
    expect(await digestOfFile(home.layout.layer(layer.digest))).toBe(layer.digest);
    expect(await findLayer(home.layout, sha256(bytes), [])).toEqual(layer);
    expect(await importBytes(home.layout, Buffer.alloc(0), [], { diffId: sha256(bytes) })).toEqual(layer);
    expect(await readdir(home.layout.temporary())).toEqual([]);
  });

  it("refuses another tar than was promised, also when only what follows its end is another", async () => {
    await using home = await tempHome();
    const bytes = tar({ name: "file", data: "x" });
    const changed = Buffer.concat([bytes, Buffer.from("more")]);
    const attempt = importBytes(home.layout, changed, [], { diffId: sha256(bytes) });
    await expect(attempt).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
    expect(await readdir(home.layout.temporary())).toEqual([]);
    expect(await findLayer(home.layout, sha256(bytes), [])).toBeUndefined();
    expect(await importBytes(home.layout, changed, [], { diffId: sha256(changed) })).toMatchObject({
      diffId: sha256(changed),
    });
  });

  it("forgets a layer that has gone from the store", async () => {
    await using home = await tempHome();
    const [one, two] = [tar({ name: "a" }), tar({ name: "b" })];
    const [first, second] = [await importBytes(home.layout, one), await importBytes(home.layout, two)];
    await removeIndexEntries(home.layout, [first.digest]);
    expect(await findLayer(home.layout, sha256(one), [])).toBeUndefined();
    expect(await findLayer(home.layout, sha256(two), [])).toEqual(second);
    const { rm } = await import("node:fs/promises");
    await rm(home.layout.layer(second.digest));
    expect(await findLayer(home.layout, sha256(two), [])).toBeUndefined();
    expect(await readdir(home.layout.layerIndex())).toEqual([]);
  });

  it("lets several import the same tar at once", async () => {
    await using home = await tempHome();
    const bytes = tar({ name: "file", data: noise(1 << 20) });
    const diffId = sha256(bytes);
    const layers = await Promise.all([1, 2, 3, 4].map(() => importBytes(home.layout, bytes, [], { diffId })));
    expect(new Set(layers.map((layer) => layer.digest)).size).toBe(1);
    expect(await readdir(home.layout.temporary())).toEqual([]);
  });

  it("keeps nothing of an interrupted import", async () => {
    await using home = await tempHome();
    const bytes = tar({ name: "file", data: noise(1 << 20) });
    const controller = new AbortController();
    const onBytes = () => controller.abort();
    const attempt = importBytes(home.layout, bytes, [], { onBytes, signal: controller.signal });
    await expect(attempt).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(await readdir(home.layout.temporary())).toEqual([]);
  });

  it("reads archives without an end mark when their digest is known, and no others", async () => {
    await using home = await tempHome();
    const bytes = entryBytes({ name: "file", data: "x" });
    await expect(importBytes(home.layout, bytes)).rejects.toMatchObject({ code: "ARCHIVE_REFUSED" });
    const layer = await importBytes(home.layout, bytes, [], { diffId: sha256(bytes) });
    expect(Object.keys(await listing(home.layout, layer))).toEqual([".", "file"]);
  });
});

describe("a layer over others", () => {
  const base = tar(
    folder("./"),
    folder("etc/", { mode: 0o750, uid: 3, mtime: 50 }),
    { name: "etc/old", data: "old", mode: 0o640 },
    { name: "etc/other", data: "other" },
    folder("lib"),
    { name: "lib/a", data: "a" },
    { name: "link", type: "2", link: "etc" },
  );

  it("hides what its whiteouts name, wherever they stand, and nothing else", async () => {
    await using home = await tempHome();
    const below = [await importBytes(home.layout, base)];
    const layer = await importBytes(
      home.layout,
      tar(
        { name: "etc/new", data: "new" },
        { name: "etc/.wh.old" },
        { name: "etc/.wh.never-was" },
        { name: "etc/other", data: "mine" },
        { name: "etc/.wh.other" },
        { name: ".wh..wh.plnk", type: "5" },
        { name: ".wh..wh.plnk/1.2", data: "aufs" },
        { name: "nowhere/.wh.file" },
        folder("lib"),
        { name: ".wh.lib" },
        { name: "lib/b", data: "b" },
        { name: "lib/.wh.a" },
      ),
      below,
    );
    expect(await listing(home.layout, layer)).toEqual({
      ".": "directory 755 0:0 0",
      etc: "directory 750 3:0 50",
      "etc/new": "file 644 0:0 1000 new",
      "etc/old": "character 0 0:0 0 0:0",
      "etc/other": "file 644 0:0 1000 mine",
      lib: "directory 755 0:0 1000 user.overlay.opaque=y",
      "lib/b": "file 644 0:0 1000 b",
    });
  });

  it("makes directories opaque, wherever the mark stands", async () => {
    await using home = await tempHome();
    const below = [await importBytes(home.layout, base)];
    const early = tar({ name: "etc/.wh..wh..opq" }, { name: "etc/x", data: "x" }, { name: "etc/.wh.old" });
    const late = tar({ name: "etc/x", data: "x" }, { name: "etc/.wh.old" }, { name: "etc/.wh..wh..opq" });
    const expected = {
      ".": PLAIN_ROOT,
      etc: "directory 750 3:0 50 user.overlay.opaque=y",
      "etc/x": "file 644 0:0 1000 x",
    };
    for (const bytes of [early, late]) {
      expect(await listing(home.layout, await importBytes(home.layout, bytes, below))).toEqual(expected);
    }
  });

  it("drops whiteouts at the bottom, and takes no attributes through links", async () => {
    await using home = await tempHome();
    const bottom = await importBytes(
      home.layout,
      tar({ name: ".wh.a" }, { name: "dir/.wh.b" }, { name: "c" }),
    );
    expect(Object.keys(await listing(home.layout, bottom))).toEqual([".", "c"]);
    const below = [await importBytes(home.layout, base)];
    const layer = await importBytes(home.layout, tar({ name: "link/new", data: "x" }), below);
    expect(await listing(home.layout, layer)).toMatchObject({ link: "directory 755 0:0 0" });
  });

  it("brings a file up that it has a hard link to", async () => {
    await using home = await tempHome();
    const below = [await importBytes(home.layout, base)];
    const bytes = tar(
      { name: "etc/one", type: "1", link: "etc/old" },
      { name: "two", type: "1", link: "etc/one" },
    );
    expect(await listing(home.layout, await importBytes(home.layout, bytes, below))).toEqual({
      ".": PLAIN_ROOT,
      etc: "directory 750 3:0 50",
      "etc/old": "file 640 0:0 1000 old",
      "etc/one": "file 640 0:0 1000 old",
      two: "file 640 0:0 1000 old",
    });
    const wrong = importBytes(home.layout, tar({ name: "x", type: "1", link: "etc/nothing" }), below);
    await expect(wrong).rejects.toMatchObject({
      code: "ARCHIVE_REFUSED",
      message: expect.stringContaining("`x`"),
    });
  });

  it("is shared where the layers below say the same, and made anew where not", async () => {
    await using home = await tempHome();
    const same = tar(folder("etc", { mode: 0o750, uid: 3, mtime: 50 }), { name: "only-here", data: "1" });
    const other = tar(folder("etc", { mode: 0o700 }));
    const [a, b, c] = [
      await importBytes(home.layout, base),
      await importBytes(home.layout, same),
      await importBytes(home.layout, other),
    ];
    const alone = tar({ name: "no-parent", data: "x" });
    const anywhere = await importBytes(home.layout, alone, [a]);
    expect(await findLayer(home.layout, sha256(alone), Promise.reject(new Error("not asked")))).toEqual(
      anywhere,
    );
    const bytes = tar({ name: "etc/file", data: "x" });
    const diffId = sha256(bytes);
    const layer = await importBytes(home.layout, bytes, [a], { diffId });
    expect(await findLayer(home.layout, diffId, Promise.resolve([b]))).toEqual(layer);
    expect(await findLayer(home.layout, diffId, [c])).toBeUndefined();
    const another = await importBytes(home.layout, bytes, Promise.resolve([c]), { diffId });
    expect(another.digest).not.toBe(layer.digest);
    expect(await findLayer(home.layout, diffId, [a])).toEqual(layer);
    expect(await findLayer(home.layout, diffId, [c])).toEqual(another);
  });

  it("fails with the layer below it, and says so", async () => {
    await using home = await tempHome();
    const below = Promise.reject(new Error("the one below failed"));
    await expect(importBytes(home.layout, tar({ name: "etc/a" }), below)).rejects.toThrow(
      "the one below failed",
    );
  });
});

describe("importTree", () => {
  it("packs a folder and admits it", async () => {
    await using home = await tempHome();
    const tree = await home.sub("tree");
    const { writeFile } = await import("node:fs/promises");
    await writeFile(`${tree}/file`, "text");
    const layer = await importTree(home.layout, tree);
    expect(layer.diffId).toBeUndefined();
    expect((await listing(home.layout, layer))["file"]).toMatch(/^file 644 .* text$/);
    expect(await readdir(home.layout.temporary())).toEqual([]);
  });
});
