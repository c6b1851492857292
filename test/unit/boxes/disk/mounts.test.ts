import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openMounts } from "../../../../src/boxes/disk/mounts.ts";
import { loopDevicesOf, run } from "../../../../src/system/index.ts";
import { plant } from "../../../support/disks.ts";
import { mountsBelow, type TempHome, tempHome } from "../../../support/temp-home.ts";

async function image(home: TempHome): Promise<string> {
  const tree = await home.sub("tree");
  await plant(tree, { file: "text" });
  const file = join(home.folder, "image");
  await run(["truncate", "--size", "8M", file]);
  await run(["mkfs.ext4", "-q", "-d", tree, file]);
  return file;
}

test("what is mounted in the space is seen through it alone, and gone with it", async () => {
  await using home = await tempHome();
  const file = await image(home);
  {
    await using space = await openMounts(home.layout);
    const place = await space.place("a");
    await space.mount("-o", "loop,ro", file, place);
    expect(await readFile(space.outside(join(place, "file")), "utf8")).toBe("text");
    expect((await run([...space.enter, "cat", join(place, "file")])).stdout).toBe("text");
    expect(await mountsBelow(home.folder)).toEqual([]);
    expect(await loopDevicesOf(file)).toHaveLength(1);
    await expect(space.mount("-t", "xfs", "-o", "loop", file, place)).rejects.toMatchObject({
      code: "COMMAND_FAILED",
    });
  }
  expect(await loopDevicesOf(file)).toEqual([]);
});
