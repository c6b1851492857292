import { existsSync } from "node:fs";
import { link, mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { unpackBox } from "../../../../src/boxes/vagrant/archive.ts";
import { run } from "../../../../src/system/index.ts";
import { tempHome } from "../../../support/temp-home.ts";

test("the regular files of a box come out by name, sparse ones sparse, however it is packed", async () => {
  await using home = await tempHome();
  const folder = await home.sub("box");
  await writeFile(join(folder, "metadata.json"), '{"provider":"libvirt"}');
  await writeFile(join(folder, "Vagrantfile"), "# nothing");
  await run(["truncate", "--size", "64M", join(folder, "box.img")]);
  await run([
    "sh",
    "-c",
    `printf hello | dd of=${folder}/box.img seek=50000000 bs=1 conv=notrunc status=none`,
  ]);
  for (const [name, options] of Object.entries({ gz: "-Sczf", xz: "-ScJf", tar: "-Scf" })) {
    const file = join(home.folder, name);
    await run(["tar", "-C", folder, options, file, "./Vagrantfile", "./box.img", "./metadata.json"]);
    const { metadata, files } = await unpackBox(file, "web.box", join(home.folder, `out-${name}`));
    expect(metadata).toBe('{"provider":"libvirt"}');
    expect([...files.keys()]).toEqual(["box.img", "metadata.json"]);
    const image = files.get("box.img") ?? "";
    await run(["cmp", image, join(folder, "box.img")]);
    expect((await stat(image)).blocks * 512).toBeLessThanOrEqual(1 << 20);
  }
});

test("nothing is written to a path from the archive, and links are no content", async () => {
  await using home = await tempHome();
  const folder = await home.sub("box");
  await writeFile(join(folder, "escape"), "x");
  await writeFile(join(folder, "metadata.json"), "{}");
  await symlink("/etc/passwd", join(folder, "box.img"));
  await link(join(folder, "metadata.json"), join(folder, "hard.img"));
  await mkdir(join(folder, "folder"));
  const file = join(home.folder, "hostile.box");
  const absolute = "--transform=s,^escape$,/tmp/bothy-escape,";
  const members = ["escape", "metadata.json", "box.img", "hard.img", "folder"];
  await run(["tar", "-C", folder, "-P", absolute, "-cf", file, ...members]);
  const { files } = await unpackBox(file, "hostile.box", join(home.folder, "out"));
  expect(files.size).toBe(2);
  expect((await readdir(join(home.folder, "out"))).sort()).toEqual(["0.data", "0.name", "1.data", "1.name"]);
  expect(existsSync("/tmp/bothy-escape")).toBe(false);

  const climbing = "--transform=s,^escape$,../../tmp/bothy-escape,";
  await run(["tar", "-C", folder, "-P", climbing, "-cf", file, "escape", "metadata.json"]);
  await expect(unpackBox(file, "hostile.box", join(home.folder, "out2"))).rejects.toMatchObject({
    code: "ARCHIVE_REFUSED",
    message: expect.stringContaining("`../../tmp/bothy-escape`"),
  });
});

test("a box that is cut short or larger than the room there is says so", async () => {
  await using home = await tempHome();
  const folder = await home.sub("box");
  await run(["dd", "if=/dev/urandom", `of=${folder}/box.img`, "bs=1M", "count=2", "status=none"]);
  const file = join(home.folder, "a.box");
  await run(["tar", "-C", folder, "-czf", file, "box.img"]);
  await run(["truncate", "--size", "1M", file]);
  await expect(unpackBox(file, "a.box", join(home.folder, "out1"))).rejects.toMatchObject({
    code: "BOX_INVALID",
  });
  await run(["truncate", "--size", "4T", join(folder, "box.img")]);
  await run(["tar", "-C", folder, "-Scf", file, "box.img"]);
  await expect(unpackBox(file, "a.box", join(home.folder, "out2"))).rejects.toMatchObject({
    code: "DISK_FULL",
    message: expect.stringContaining("4398046511104 bytes"),
  });
});
