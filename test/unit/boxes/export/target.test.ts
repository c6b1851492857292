import { readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeRootfs } from "../../../../src/boxes/export/rootfs.ts";
import { openTarget } from "../../../../src/boxes/export/target.ts";
import { resolveLayers } from "../../../../src/boxes/index.ts";
import { run } from "../../../../src/system/index.ts";
import { scriptedBox } from "../../../support/scripted-box.ts";
import { tempHome } from "../../../support/temp-home.ts";

describe("openTarget", () => {
  it("shows what was written only when it is complete", async () => {
    await using home = await tempHome();
    const folder = await home.sub("out");
    const path = join(folder, "file");
    {
      await using target = await openTarget(path, {});
      await writeFile(target.fresh, "half");
    }
    expect(await readdir(folder)).toEqual([]);
    {
      await using target = await openTarget(path, {});
      await writeFile(target.fresh, "whole");
      await target.commit();
    }
    expect(await readdir(folder)).toEqual(["file"]);
    expect(await readFile(path, "utf8")).toBe("whole");
  });

  it("never takes the place of a link or of what came meanwhile", async () => {
    await using home = await tempHome();
    const folder = await home.sub("out");
    await symlink("/etc/hostname", join(folder, "link"));
    await expect(openTarget(join(folder, "link"), { force: true })).rejects.toMatchObject({
      code: "FILE_EXISTS",
    });
    await using target = await openTarget(join(folder, "late"), {});
    await writeFile(target.fresh, "ours");
    await writeFile(join(folder, "late"), "theirs");
    await expect(target.commit()).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(await readFile(join(folder, "late"), "utf8")).toBe("theirs");
  });
});

describe("writeRootfs", () => {
  it("says when the packer fails", async () => {
    await using home = await tempHome();
    const layers = await resolveLayers(home.layout, await scriptedBox(home.layout, "one", ["echo 1 >a"]));
    const path = join(home.folder, "a.tar.xz");
    await writeRootfs({ layout: home.layout, layers, packing: "xz" }, path);
    expect((await run(["tar", "-xJOf", path, "a"])).stdout).toBe("1\n");
    const again = writeRootfs({ layout: home.layout, layers, packing: "xz" }, path);
    await expect(again).rejects.toMatchObject({ code: "EEXIST" });
  });
});
