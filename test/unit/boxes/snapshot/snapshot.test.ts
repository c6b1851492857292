import { readdir, readFile, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { resolveLayers } from "../../../../src/boxes/index.ts";
import { layerSteps, mounted } from "../../../../src/boxes/mounted/index.ts";
import { copyDisk } from "../../../../src/boxes/snapshot/copy.ts";
import { keepBox, refuseHigh, refuseTaken } from "../../../../src/boxes/snapshot/keep.ts";
import { snapshotLayer, type Volume } from "../../../../src/boxes/snapshot/snapshot.ts";
import { loopDevicesOf, run } from "../../../../src/system/index.ts";
import { scriptedDisk } from "../../../support/data-disk.ts";
import { listTree, scriptedBox } from "../../../support/scripted-box.ts";
import { mountsBelow, type TempHome, tempHome } from "../../../support/temp-home.ts";

const BOX = `
  mkdir -p etc usr/share/doc var/lib/data srv; echo old >etc/issue; echo a >usr/share/doc/a; echo image >var/lib/data/image
  chown 5:6 var/lib; chmod 750 var/lib; ln -s var/lib lib; setfattr -n user.below -v 1 var/lib`;

/** What a machine on BOX has with what a script wrote, and once more on the layer that is made of it. */
async function roundTrip(home: TempHome, script: string, volumes: readonly Volume[] = []) {
  const { layout } = home;
  const box = await scriptedBox(layout, "base", [BOX]);
  const layers = await resolveLayers(layout, box);
  const disk = await scriptedDisk(await home.sub("machine"), script);
  const before = await stat(disk);
  await using copy = await copyDisk(layout, disk, { name: "box-package-1" });
  const layer = await snapshotLayer(layout, { copy, layers, volumes });
  expect((await stat(disk)).mtimeMs).toBe(before.mtimeMs);
  const all = [...layers, { digest: layer.digest, path: layout.layer(layer.digest) }];
  await using mounts = await mounted(layout, layerSteps(all));
  const merged = join(mounts.folder, "merged");
  const { stdout: marks } = await run(["getfattr", "-R", "-P", "-h", "-m", "-", "-d", "."], {
    cwd: join(mounts.folder, "1"),
  });
  return {
    layer,
    layers,
    disk,
    merged: await listTree(merged),
    upper: await listTree(join(mounts.folder, "1")),
    read: Object.fromEntries(
      await Promise.all(
        (await readdir(merged, { recursive: true, withFileTypes: true }))
          .filter((entry) => entry.isFile())
          .map(async ({ parentPath, name }) => {
            const path = join(parentPath, name);
            return [path.slice(merged.length + 1), await readFile(path, "utf8")] as const;
          }),
      ),
    ),
    marks,
  };
}

describe("snapshotLayer", () => {
  it("keeps deletions, replaced folders, links, owners, attributes and devices, without overlayfs's own marks", async () => {
    await using home = await tempHome();
    const { read, marks, upper } = await roundTrip(
      home,
      `cd upper; mkdir -p etc usr/share/doc opt; mknod etc/issue c 0 0
       setfattr -n user.overlay.opaque -v y usr/share/doc; echo b >usr/share/doc/b
       setfattr -n user.overlay.origin -v 0x00fb21 usr/share/doc/b; setfattr -n user.overlay.impure -v y usr
       echo x >opt/x; ln opt/x opt/y; chown 7:8 opt/x; setfattr -n user.mine -v 1 opt/x; truncate -s 1M opt/sparse
       cp /bin/true opt/true; setcap cap_net_raw=ep opt/true; mkfifo opt/pipe; touch "opt/two words"; cd ..`,
    );
    expect(Object.keys(read).sort()).toEqual(
      [
        "opt/sparse",
        "opt/true",
        "opt/two words",
        "opt/x",
        "opt/y",
        "usr/share/doc/b",
        "var/lib/data/image",
      ].sort(),
    );
    expect(read["opt/x"]).toBe("x\n");
    expect(read["opt/sparse"]).toHaveLength(1 << 20);
    expect(upper).toEqual(
      expect.arrayContaining([
        "c 644 0:0 1 0 etc/issue -> ",
        "f 644 7:8 2 2 opt/x -> ",
        "f 644 7:8 2 2 opt/y -> ",
        "p 644 0:0 1 0 opt/pipe -> ",
      ]),
    );
    expect(marks).toContain('user.mine="1"');
    expect(marks).toContain("security.capability=");
    expect(marks).toContain('user.overlay.opaque="y"');
    expect(marks).not.toMatch(/origin|impure/);
  });

  it("puts volumes in their places, instead of what the box has there, through the box's links", async () => {
    await using home = await tempHome();
    const { read, merged } = await roundTrip(
      home,
      `mkdir -p volumes/a volumes/b volumes/other; chown 33:33 volumes/a; echo one >volumes/a/file; echo two >volumes/b/file
       echo no >volumes/other/file; chattr +i volumes/b/file`,
      [
        { name: "a", path: "/lib/data" },
        { name: "b", path: "/srv/deep/er" },
        { name: "never-used", path: "/srv/never" },
      ],
    );
    expect(Object.keys(read).sort()).toEqual([
      "etc/issue",
      "srv/deep/er/file",
      "usr/share/doc/a",
      "var/lib/data/file",
    ]);
    expect(read["var/lib/data/file"]).toBe("one\n");
    expect(merged).toEqual(
      expect.arrayContaining([
        "d 755 33:33 var/lib/data -> ",
        "d 750 5:6 var/lib -> ",
        "l 777 0:0 1 7 lib -> var/lib",
      ]),
    );
  });

  it("gives the same layer for the same disk, and leaves nothing mounted", async () => {
    await using home = await tempHome();
    const first = await roundTrip(home, "mkdir upper/tmp volumes/v; touch upper/tmp/x upper/a volumes/v/y", [
      { name: "v", path: "/var/lib/data" },
    ]);
    const { layers } = first;
    await using copy = await copyDisk(home.layout, first.disk, { name: "box-package-2" });
    const volumes = [{ name: "v", path: "/var/lib/data" }];
    const again = await snapshotLayer(home.layout, { copy, layers, volumes });
    expect(again.digest).toBe(first.layer.digest);
    expect(await mountsBelow(home.folder)).toEqual([]);
    expect(await loopDevicesOf(copy.file)).toEqual([]);
  });

  it("refuses a disk that was never used, one whose folders are links, and one that is damaged", async () => {
    await using home = await tempHome();
    await expect(roundTrip(home, "rmdir upper work volumes")).rejects.toMatchObject({
      code: "EXPORT_FAILED",
    });
    await run(["rm", "-r", join(home.folder, "machine")]);
    await expect(roundTrip(home, "rmdir upper; ln -s /etc upper")).rejects.toMatchObject({
      code: "DISK_DAMAGED",
    });
    const disk = join(home.folder, "machine/disk.img");
    await truncate(disk, 1000);
    await using copy = await copyDisk(home.layout, disk, { name: "box-package-1" });
    const made = snapshotLayer(home.layout, { copy, layers: [], volumes: [] });
    await expect(made).rejects.toMatchObject({ code: "DISK_DAMAGED" });
    await expect(copyDisk(home.layout, "/nowhere", { name: "x" })).rejects.toMatchObject({
      code: "MACHINE_BROKEN",
    });
    const left = await readdir(home.layout.temporary());
    expect(left.filter((name) => name.startsWith("box-"))).toEqual(["box-package-1"]);
  });
});

describe("keepBox", () => {
  it("puts a layer on a box's, under a name that nobody has unless forced", async () => {
    await using home = await tempHome();
    const { layout } = home;
    const base = await scriptedBox(layout, "base", ["echo 1 >a"], { user: "me" });
    const [layer] = (await scriptedBox(layout, "other", ["echo 2 >b"])).layers;
    if (!layer) throw new Error("no layer");
    const { layers, environment, labels, user } = base;
    const making = { name: "shop/web", content: { layers, environment, labels, user }, layer, origin: {} };
    const box = await keepBox(layout, making);
    expect(box.layers).toEqual([...layers, layer]);
    expect(box.user).toBe("me");
    await expect(keepBox(layout, making)).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect((await keepBox(layout, { ...making, force: true })).digest).toBe(box.digest);
    await expect(refuseTaken(layout, { name: "debian/12" })).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(() => refuseHigh(Array(126), "web")).not.toThrow();
    expect(() => refuseHigh(Array(127), "web")).toThrow(/has 127 layers/);
  });
});
