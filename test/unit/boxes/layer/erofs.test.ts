import { createHash } from "node:crypto";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packTree } from "../../../../src/boxes/index.ts";
import { readData } from "../../../../src/boxes/layer/erofs/data.ts";
import { findName } from "../../../../src/boxes/layer/erofs/directory.ts";
import { ErofsImage } from "../../../../src/boxes/layer/erofs/image.ts";
import { type Inode, readInode } from "../../../../src/boxes/layer/erofs/inode.ts";
import { unpackLz4 } from "../../../../src/boxes/layer/erofs/lz4.ts";
import { run } from "../../../../src/system/index.ts";
import { tempHome } from "../../../support/temp-home.ts";
import { type Entry, importBytes, listImage, noise, tar } from "./support.ts";

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** Contents that pack well, badly, and in every mixture; sizes around blocks and packs of addresses. */
function contents(): Record<string, Buffer> {
  const words = Buffer.from(Array.from({ length: 60_000 }, (_, index) => `word ${index % 977} `).join(""));
  const found: Record<string, Buffer> = { words, zeros: Buffer.alloc(3_000_000), noise: noise(300_000) };
  found["mixed"] = Buffer.concat([words.subarray(0, 50_001), noise(20_000), Buffer.alloc(90_000), words]);
  for (const size of [0, 1, 4032, 4095, 4096, 4097, 8191, 8192, 65_536, 70_001]) {
    found[`words-${size}`] = words.subarray(0, size);
    found[`noise-${size}`] = noise(size);
  }
  return found;
}

async function open(image: ErofsImage, name: string): Promise<Inode> {
  const nid = await findName(await readInode(image, image.rootNid), name);
  return readInode(image, nid ?? -1);
}

async function digestOf(inode: Inode): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of readData(inode)) hash.update(piece);
  return hash.digest("hex");
}

describe("an image of mkfs.erofs", () => {
  it.each(["lz4", "none"] as const)(
    "with the compression %s is read without mounting it",
    async (compress) => {
      await using home = await tempHome();
      const tree = await home.sub("tree");
      const files = contents();
      for (const [name, bytes] of Object.entries(files)) await writeFile(join(tree, name), bytes);
      const path = join(home.folder, "image");
      await packTree(tree, path, { compress });
      await using image = await ErofsImage.open(path);
      for (const [name, bytes] of Object.entries(files)) {
        expect([name, await digestOf(await open(image, name))]).toEqual([name, sha256(bytes)]);
      }
    },
  );

  it("has attributes, many names and all types of files", async () => {
    await using home = await tempHome();
    const tree = await home.sub("tree");
    for (let index = 0; index < 1000; index++)
      await writeFile(join(tree, `file-${index}-${"x".repeat(index % 50)}`), "");
    await mkdir(join(tree, "dir"), { mode: 0o700 });
    await symlink("target", join(tree, "link"));
    for (const name of ["dir", "file-1-x"]) {
      await run(["setfattr", "-n", "user.shared", "-v", "everyone has it", join(tree, name)]);
    }
    await run(["setfattr", "-n", "user.overlay.opaque", "-v", "y", join(tree, "dir")]);
    await run(["mknod", "-m", "600", join(tree, "device"), "c", "10", "70000"]);
    await run(["chown", "-h", "70000:5", join(tree, "link")]);
    const path = join(home.folder, "image");
    await packTree(tree, path, { epoch: 1000 });
    const found = await listImage(path);
    expect(Object.keys(found)).toHaveLength(1004);
    expect(found["dir"]).toMatch(
      /^directory 700 0:0 1000 (?=.*user\.overlay\.opaque=y)(?=.*user\.shared=everyone has it)/,
    );
    expect(found).toMatchObject({
      link: "symlink 777 70000:5 1000 target",
      device: "character 600 0:0 1000 10:70000",
      "file-1-x": "file 644 0:0 1000 user.shared=everyone has it ",
    });
    await using image = await ErofsImage.open(path);
    const root = await readInode(image, image.rootNid);
    expect(await findName(root, "file-999-".padEnd(58, "x"))).toBeDefined();
    for (const name of ["absent", "file-", "\xff", "a"]) expect(await findName(root, name)).toBeUndefined();
  });

  it("is refused when it is none", async () => {
    await using home = await tempHome();
    const path = join(home.folder, "file");
    await writeFile(path, Buffer.alloc(8192));
    await expect(ErofsImage.open(path)).rejects.toThrow("is no EROFS image");
  });
});

describe("an image of our own", () => {
  it("is what fsck.erofs expects, with contents and names of every length", async () => {
    await using home = await tempHome();
    const files = contents();
    const entries: Entry[] = Object.entries(files).map(([name, data]) => ({ name, data }));
    for (let index = 0; index < 1000; index++)
      entries.push({ name: `many/file-${index}-${"x".repeat(index % 60)}` });
    for (const length of [1, 59, 60, 4000]) {
      entries.push({ name: `link-${length}`, type: "2", pax: { linkpath: "t".repeat(length) } });
    }
    for (const length of [200, 4000, 60_000]) {
      const pax = { "SCHILY.xattr.user.long": "v".repeat(length), "SCHILY.xattr.user.short": "w" };
      entries.push({ name: `xattr-${length}`, data: "x".repeat(500), pax });
      entries.push({ name: `xattr-dir-${length}`, type: "5", pax });
    }
    const layer = await importBytes(home.layout, tar(...entries));
    const path = home.layout.layer(layer.digest);
    const out = join(home.folder, "out");
    await run(["fsck.erofs", `--extract=${out}`, path]);
    for (const [name, bytes] of Object.entries(files)) {
      expect([name, sha256(await readFile(join(out, name)))]).toEqual([name, sha256(bytes)]);
    }
    const found = await listImage(path);
    expect(Object.keys(found)).toHaveLength(entries.length + 2);
    expect(found["link-4000"]).toBe("symlink 777 0:0 1000 4000 bytes");
    expect(found["xattr-60000"]).toContain(`user.long=${"v".repeat(60_000)} user.short=w`);
    const { stdout } = await run(["dump.erofs", "-s", path]);
    expect(stdout).toMatch(/UUID: +\w{8}-\w{4}-4\w{3}-[89ab]\w{3}-\w{12}/);
  });

  it("keeps holes", async () => {
    await using home = await tempHome();
    const tree = await home.sub("tree");
    await run(["truncate", "-s", "5G", join(tree, "huge")]);
    await run(["truncate", "-s", "100000", join(tree, "empty")]);
    const data = noise(10_000);
    await writeFile(join(tree, "some"), data);
    await run(["truncate", "-s", "50001", join(tree, "some")]);
    await run([
      "dd",
      "if=/dev/urandom",
      `of=${join(tree, "huge")}`,
      "bs=5000",
      "count=1",
      "seek=300000",
      "conv=notrunc",
    ]);
    const archive = join(home.folder, "x.tar");
    await run(["tar", "-C", tree, "-S", "-cf", archive, "huge", "empty", "some"]);
    const layer = await importBytes(home.layout, await readFile(archive));
    expect(layer.sizeBytes).toBeLessThan(2 << 20);
    await rm(archive);
    await using image = await ErofsImage.open(home.layout.layer(layer.digest));
    expect((await open(image, "huge")).size).toBe(5 * 2 ** 30);
    for (const name of ["empty", "some"]) {
      expect(await digestOf(await open(image, name))).toBe(sha256(await readFile(join(tree, name))));
    }
  });
});

describe("unpackLz4", () => {
  it("refuses damaged data", () => {
    for (const hex of ["", "f0ff", "1041", "00000000", "1041ffff00"]) {
      expect(() => unpackLz4(Buffer.from(hex, "hex"), 100)).toThrow("damaged");
    }
  });
});
