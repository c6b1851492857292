import { join } from "node:path";
import { expect, test } from "vitest";
import { addFile } from "../../../../src/boxes/file/index.ts";
import { readText } from "../../../../src/boxes/layer/index.ts";
import { run } from "../../../../src/system/index.ts";
import { makeBoxFile, plant, SYSTEM } from "../../../support/disks.ts";
import { type TempHome, tempHome } from "../../../support/temp-home.ts";

async function system(home: TempHome, more: Record<string, string> = {}): Promise<string> {
  const tree = await home.sub("system");
  await plant(tree, { ...SYSTEM, ...more });
  return tree;
}

test("root file systems come from tarballs, and from lxc's boxes, which have them in a folder", async () => {
  await using home = await tempHome();
  const tree = await system(home, { "etc/network/interfaces": "auto eth0\n" });
  const tarball = join(home.folder, "rootfs.tar.xz");
  await run(["tar", "-C", tree, "-cJf", tarball, "."]);
  const plain = await addFile(home.layout, tarball, { name: "plain", cwd: "/" });
  const folder = await home.sub("lxc");
  await run([
    "tar",
    "-C",
    home.folder,
    "-czf",
    join(folder, "rootfs.tar.gz"),
    "--transform=s,^system,./rootfs,",
    "system",
  ]);
  const file = join(home.folder, "lxc.box");
  await makeBoxFile(file, folder, { provider: "lxc", version: "1.0.0" }, ["./rootfs.tar.gz"]);
  const lxc = await addFile(home.layout, file, { name: "lxc", cwd: "/" });
  expect([plain.user, lxc.user]).toEqual(["bothy", "vagrant"]);
  for (const box of [plain, lxc]) {
    expect(box.init).toBe("/sbin/init");
    expect(await readText(home.layout, box.layers, "/etc/network/interfaces")).not.toContain("eth0");
    expect(await readText(home.layout, box.layers, "/etc/network/interfaces.box")).toBe("auto eth0\n");
  }
  const empty = join(home.folder, "other.tar");
  await run(["tar", "-C", home.folder, "-cf", empty, "lxc/Vagrantfile"]);
  await expect(addFile(home.layout, empty, { name: "x", cwd: "/" })).rejects.toMatchObject({
    code: "BOX_INVALID",
    message: expect.stringContaining("holds no root file system"),
  });
});
