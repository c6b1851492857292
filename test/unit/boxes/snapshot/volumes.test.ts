import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { resolveLayers } from "../../../../src/boxes/index.ts";
import { layerSteps, mounted } from "../../../../src/boxes/mounted/index.ts";
import { foldVolumes } from "../../../../src/boxes/snapshot/volumes.ts";
import { scriptedDisk } from "../../../support/data-disk.ts";
import { listTree, scriptedBox } from "../../../support/scripted-box.ts";
import { tempHome } from "../../../support/temp-home.ts";

const OVERLAY = "userxattr,index=off,metacopy=off,redirect_dir=nofollow,xino=off,nfs_export=off";

describe("foldVolumes", () => {
  it("takes the place of what the machine had there, and of a deleted folder", async () => {
    await using home = await tempHome();
    const layers = await resolveLayers(
      home.layout,
      await scriptedBox(home.layout, "base", ["mkdir -p a/in b"]),
    );
    const disk = await scriptedDisk(
      await home.sub("machine"),
      "mkdir -p upper/a volumes/a volumes/b; touch upper/a/old volumes/a/new volumes/b/new; mknod upper/b c 0 0",
    );
    const steps = [["mkdir", "disk", "root"], ["mount", "-o", "loop", disk, "disk"], ...layerSteps(layers)];
    await using mounts = await mounted(home.layout, steps);
    const options = `lowerdir=0,upperdir=disk/upper,workdir=disk/work,${OVERLAY}`;
    const volumes = ["a", "b"].map((name) => ({ name, path: `/${name}` }));
    await foldVolumes(mounts, ["mount", "-t", "overlay", "-o", options, "overlay", "root"], volumes);
    const names = (await listTree(join(mounts.folder, "disk/upper"))).map((line) =>
      line.replace(/.* (\S*) -> $/, "$1"),
    );
    expect(names.sort()).toEqual(["", "a", "a/new", "b", "b/new"]);
  });
});
