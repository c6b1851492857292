import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { treeAt } from "../../../../src/boxes/disk/inside.ts";
import { plant } from "../../../support/disks.ts";
import { tempHome } from "../../../support/temp-home.ts";

test("links lead where they would inside, never out", async () => {
  await using home = await tempHome();
  const root = await home.sub("tree");
  await plant(root, {
    "usr/lib/os-release": "ID=x\n",
    "etc/os-release": "-> ../usr/lib/os-release",
    lib: "-> /usr/lib",
    "etc/up": "-> ../../../../../usr/lib/os-release",
    "etc/passwd": "-> /etc/shadow",
    "etc/loop": "-> loop",
    "etc/file": "text",
  });
  const tree = treeAt(root);
  expect(await tree.read("/etc/os-release")).toBe("ID=x\n");
  expect(await tree.read("/lib/os-release")).toBe("ID=x\n");
  expect(await tree.read("/etc/up")).toBe("ID=x\n");
  expect(await tree.locate("/lib/os-release")).toBe(join(root, "usr/lib/os-release"));
  expect(await tree.read("/etc/passwd")).toBeUndefined();
  expect(await tree.stat("/etc/loop")).toBeUndefined();
  expect(await tree.stat("/etc/file/more")).toBeUndefined();
  expect(await tree.list("/lib")).toEqual(["os-release"]);
  expect(await tree.list("/nowhere")).toEqual([]);
});

test("what is behind a link is not here", async () => {
  await using home = await tempHome();
  const root = await home.sub("tree");
  await mkdir(join(root, "real"));
  await writeFile(join(root, "real/file"), "");
  await symlink("real", join(root, "linked"));
  const tree = treeAt(root);
  expect((await tree.statHere("/real/file"))?.isFile()).toBe(true);
  expect(await tree.statHere("/linked/file")).toBeUndefined();
  expect((await tree.statHere("/linked"))?.isSymbolicLink()).toBe(true);
});
