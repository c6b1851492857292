import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createDisk } from "../../../src/machines/index.ts";
import { run } from "../../../src/system/index.ts";
import { tempHome } from "../../support/temp-home.ts";

/** What ext4 of Linux 6.1, the oldest kernel that has to mount it, can read. */
const KNOWN_TO_6_1 =
  /^(has_journal|ext_attr|resize_inode|dir_index|filetype|extent|64bit|flex_bg|sparse_super|large_file|huge_file|dir_nlink|extra_isize|metadata_csum|needs_recovery)$/;

describe("createDisk", () => {
  it("makes a sparse file of the wanted size, for root only", async () => {
    await using home = await tempHome();
    const path = join(home.folder, "disk.img");
    await createDisk(path, 10 * 1024);
    const { size, blocks, mode } = await stat(path);
    expect([size, mode & 0o777]).toEqual([10 * 1024 ** 3, 0o600]);
    expect((blocks * 512) / 1024 ** 2).toBeLessThan(8);
  });

  it("has only features that a 6.1 kernel mounts, and nothing of this host", async () => {
    await using home = await tempHome();
    const path = join(home.folder, "disk.img");
    await createDisk(path, 256);
    const { stdout } = await run(["dumpe2fs", "-h", path]);
    const features = /^Filesystem features:\s+(.*)$/m.exec(stdout)?.[1]?.split(" ") ?? [];
    expect(features.filter((feature) => !KNOWN_TO_6_1.test(feature))).toEqual([]);
    expect(features).toContain("has_journal");
    expect(stdout).toMatch(/^Filesystem volume name:\s+bothy$/m);
    expect(stdout).toMatch(/^Reserved block count:\s+0$/m);
    await run(["e2fsck", "-fn", path]);
  });

  it("is mounted by this kernel", async () => {
    await using home = await tempHome();
    const [path, folder] = [join(home.folder, "disk.img"), await home.sub("mounted")];
    await createDisk(path, 64);
    await run(["mount", "-o", "loop", path, folder]);
    try {
      expect(await readdir(folder)).toEqual(["lost+found"]);
      expect(await stat(folder)).toMatchObject({ uid: 0, gid: 0 });
    } finally {
      await run(["umount", folder]);
    }
  });

  it("never touches a file that is there", async () => {
    await using home = await tempHome();
    const path = join(home.folder, "disk.img");
    await writeFile(path, "precious");
    await expect(createDisk(path, 64)).rejects.toThrow("EEXIST");
    expect(await readFile(path, "utf8")).toBe("precious");
  });

  it("leaves nothing and says so when the file system is full", async () => {
    await using home = await tempHome();
    const folder = await home.sub("small");
    await run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
    try {
      await expect(createDisk(join(folder, "disk.img"), 256)).rejects.toMatchObject({ code: "DISK_FULL" });
      expect(await readdir(folder)).toEqual([]);
    } finally {
      await run(["umount", folder]);
    }
  });
});
