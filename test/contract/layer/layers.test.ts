import { createReadStream } from "node:fs";
import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { BoxLayer } from "../../../src/boxes/box.ts";
import { importTar } from "../../../src/boxes/layer/index.ts";
import { type Layout, run } from "../../../src/system/index.ts";
import { mountsBelow, type TempHome, tempHome } from "../../support/temp-home.ts";
import { tar } from "../../unit/boxes/layer/support.ts";

/**
 * What is in the folder that the script leaves the shell in: types, modes, owners, times, links, sizes, devices,
 * contents and extended attributes. Of directories no size and no links: those are the file system's own affair.
 */
const LISTING = `
  find . -mindepth 1 '!' -type d -printf '%p|%y|%m|%U:%G|%T@|%n|%s|%l\\n' | sort
  find . -type d -printf '%p|%y|%m|%U:%G|%T@\\n' | sort
  find . '(' -type b -o -type c ')' -exec stat -c '%n %t:%T' '{}' + | sort
  find . -type f -print0 | sort -z | xargs -0 --no-run-if-empty sha256sum
  find . -print0 | sort -z | xargs -0 getfattr -h -d -m '^(user|security|trusted|system)[.]' -e hex`;

/** Lists in a mount namespace of its own, so that nothing stays mounted. */
async function list(script: string, ...words: string[]): Promise<string[]> {
  const body = `set -e; ${script}\n${LISTING}`;
  const { stdout } = await run(["unshare", "--mount", "sh", "-c", body, "sh", ...words]);
  return stdout.trim().split("\n");
}

/** What the kernel shows of layers, stacked as a machine stacks them. */
async function listStacked(home: TempHome, layers: readonly BoxLayer[]): Promise<string[]> {
  const place = await home.sub("mount");
  const files = layers.map(({ digest }) => home.layout.layer(digest));
  return list(
    `place=$1; shift; mount -t tmpfs none "$place"; mkdir "$place/merged" "$place/none"; lowers="$place/none"; number=0
     for file; do
       number=$((number + 1)); mkdir "$place/$number"
       mount -t erofs -o ro,loop "$file" "$place/$number"; lowers="$place/$number:$lowers"
     done
     mount -t overlay -o "ro,userxattr,lowerdir=$lowers" none "$place/merged"; cd "$place/merged"`,
    place,
    ...files,
  );
}

async function listLayer(home: TempHome, layer: BoxLayer): Promise<string[]> {
  const place = await home.sub("mount");
  return list('mount -t erofs -o ro,loop "$2" "$1"; cd "$1"', place, home.layout.layer(layer.digest));
}

function importFile(layout: Layout, path: string, below: BoxLayer[]): Promise<BoxLayer> {
  return importTar(layout, { title: path, open: async () => createReadStream(path) }, { below });
}

/** A tree with everything that a file system can have. */
async function everything(folder: string): Promise<void> {
  await mkdir(join(folder, "dir", "x".repeat(200), "y".repeat(200)), { recursive: true });
  await writeFile(join(folder, "dir", "x".repeat(200), "y".repeat(200), "z".repeat(255)), "long");
  await run(["sh", "-c", SETUP], { cwd: folder });
  const holes = await open(join(folder, "holes"), "w");
  for (let index = 0; index < 40; index++) await holes.write(`data ${index}`, index * 300_000 + 123);
  await holes.truncate(30_000_000);
  await holes.close();
}

const SETUP = `set -e
  cp -a /usr/share/perl5 /usr/lib/python3.11 . 2>/dev/null || cp -a /usr/share/perl5 .
  echo text >a; ln a b; ln -s a c; ln c d; ln -s "$(printf %0900d 1)" long-link; mkfifo fifo
  mknod char c 1 3; mknod block b 259 70000; chmod 4711 a; chown 3000000:4000000 a; chown -h 5:6 c
  mkdir sticky closed; chmod 1777 sticky; chmod 0 closed; : >empty; cp /bin/ls capable
  setcap cap_net_raw+ep capable 2>/dev/null || setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 capable
  setfattr -n user.note -v 'a note' sticky; setfattr -n trusted.note -v secret empty
  setfattr -n system.posix_acl_access -v 0x0200000001000600ffffffff020004000503000004000400ffffffff10000600ffffffff20000400ffffffff a
  touch -d @1234567890.123456789 empty; touch -d @-86400 b; touch -h -d @99 d
  printf caf >"$(printf 'caf\\351')"; i=0; while [ $i -lt 1500 ]; do : >"sticky/file $i"; i=$((i + 1)); done`;

describe("a layer", () => {
  it("mounted by the kernel is what GNU tar extracts", async () => {
    await using home = await tempHome();
    const source = await home.sub("source");
    await everything(source);
    const archive = join(home.folder, "x.tar");
    const attributes = ["--xattrs", "--xattrs-include=*", "--numeric-owner"];
    await run(["tar", "-C", source, ...attributes, "--format=pax", "--sparse", "-cf", archive, "."]);
    const extracted = await home.sub("extracted");
    await run(["tar", "-C", extracted, ...attributes, "--same-permissions", "-xf", archive]);
    const layer = await importFile(home.layout, archive, []);
    await run(["fsck.erofs", home.layout.layer(layer.digest)]);
    const expected = await list('cd "$1"', extracted);
    expect(expected.length).toBeGreaterThan(2000);
    expect(await listLayer(home, layer)).toEqual(expected);
    expect(await mountsBelow(home.folder)).toEqual([]);
  });

  it("over others is what umoci makes of the same tars", async () => {
    await using home = await tempHome();
    const tars = await changes(home);
    const image = `${join(home.folder, "image")}:tag`;
    await run(["umoci", "init", "--layout", join(home.folder, "image")]);
    await run(["umoci", "new", "--image", image]);
    const layers: BoxLayer[] = [];
    for (const path of tars) {
      await run(["umoci", "raw", "add-layer", "--image", image, path]);
      layers.push(await importFile(home.layout, path, layers));
    }
    await run(["umoci", "unpack", "--image", image, join(home.folder, "bundle")]);
    const expected = await list('cd "$1"', join(home.folder, "bundle", "rootfs"));
    expect(await listStacked(home, layers)).toEqual(expected);
    expect(expected.join("\n")).not.toMatch(/gone/);
    expect(await mountsBelow(home.folder)).toEqual([]);
  });
});

/** Three layers: a tree, what hides and replaces parts of it, and what changes those again. */
async function changes(home: TempHome): Promise<string[]> {
  const file = (name: string, data = name) => ({ name, data });
  const folder = (name: string, mode = 0o755, mtime = 50) => ({ name, type: "5", mode, mtime });
  const stages = [
    [
      folder("./"),
      folder("etc/"),
      file("etc/kept"),
      file("etc/gone"),
      file("etc/replaced", "old"),
      folder("opaque", 0o700),
      file("opaque/gone"),
      folder("opaque/gone-dir"),
      file("opaque/gone-dir/x"),
      folder("tree"),
      folder("tree/gone"),
      file("tree/gone/x"),
      folder("becomes-file"),
      file("becomes-file/gone"),
      file("becomes-dir", "gone"),
      { name: "becomes-link", type: "5", mtime: 50 },
      file("becomes-link/gone"),
      folder("new-again"),
      file("new-again/gone"),
    ],
    [
      folder("./"),
      folder("etc", 0o711, 60),
      file("etc/.wh.gone"),
      file("etc/replaced", "new"),
      folder("opaque", 0o711, 61),
      file("opaque/.wh..wh..opq"),
      file("opaque/new"),
      folder("tree", 0o755, 62),
      file("tree/.wh.gone"),
      file("becomes-file"),
      folder("becomes-dir", 0o700, 63),
      file("becomes-dir/x"),
      { name: "becomes-link", type: "2", link: "etc" },
      file(".wh.new-again"),
    ],
    [
      folder("./"),
      folder("new-again", 0o755, 70),
      file("new-again/x"),
      folder("tree", 0o755, 71),
      folder("tree/back", 0o755, 72),
      folder("etc", 0o755, 73),
      { name: "etc/hard", type: "1", link: "opaque/new" },
      folder("opaque", 0o711, 61),
    ],
  ];
  return Promise.all(
    stages.map(async (entries, index) => {
      const path = join(home.folder, `${index}.tar`);
      await writeFile(path, tar(...entries));
      return path;
    }),
  );
}
