import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packTree } from "../../../src/boxes/index.ts";
import { uuidOf, writeUuid } from "../../../src/boxes/superblock.ts";
import { run } from "../../../src/system/index.ts";
import { tempHome } from "../../support/temp-home.ts";

describe("writeUuid", () => {
  it("leaves an image that this kernel mounts, with that UUID", async () => {
    await using home = await tempHome();
    const [image, tree, mounted] = [
      join(home.folder, "image"),
      await home.sub("tree"),
      await home.sub("mounted"),
    ];
    await packTree(tree, image);
    await using file = await openToWrite(image);
    await writeUuid(file.handle, uuidOf("0123456789abcdef0123456789abcdef"));
    const { stdout } = await run(["dump.erofs", "-s", image]);
    expect(stdout).toContain("01234567-89ab-4def-8123-456789abcdef");
    await run(["mount", "-t", "erofs", "-o", "ro,loop", image, mounted]); // the kernel checks the sum
    await run(["umount", mounted]);
  });

  it("refuses what is no EROFS image", async () => {
    await using home = await tempHome();
    const path = join(home.folder, "file");
    await writeFile(path, Buffer.alloc(8192));
    await using file = await openToWrite(path);
    await expect(writeUuid(file.handle, uuidOf("0".repeat(64)))).rejects.toThrow("not an EROFS image");
  });
});

async function openToWrite(path: string) {
  const handle = await open(path, "r+");
  return { handle, [Symbol.asyncDispose]: () => handle.close() };
}
