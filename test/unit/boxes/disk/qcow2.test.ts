import { open } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkQcow2, isQcow2, readHead } from "../../../../src/boxes/disk/qcow2.ts";
import { run } from "../../../../src/system/index.ts";
import { tempHome } from "../../../support/temp-home.ts";

const img = (...argv: string[]) => run(["qemu-img", "create", "-q", "-f", "qcow2", ...argv]);

test("plain images of both versions tell the size of their disk", async () => {
  await using home = await tempHome();
  for (const compat of ["0.10", "1.1"]) {
    const file = join(home.folder, compat);
    await img("-o", `compat=${compat}`, file, "5G");
    expect(isQcow2(await readHead(file, 16))).toBe(true);
    expect(await checkQcow2(file, "web.qcow2")).toBe(5 * 1024 ** 3);
  }
});

test("what makes a reader open other files, or cannot be read, is refused before anything opens it", async () => {
  await using home = await tempHome();
  const file = (name: string) => join(home.folder, name);
  await img(file("base"), "8M");
  await img("-b", file("base"), "-F", "qcow2", file("child"));
  await img("-o", `data_file=${file("data")}`, file("external"), "8M");
  // one byte of the header each: making these with qemu-img takes seconds, or is not possible any more
  const bytes = { locked: [35, 2], corrupt: [79, 2], old: [7, 1], huge: [24, 0x7f] } as const;
  for (const [name, [at, value]] of Object.entries(bytes)) {
    await run(["cp", file("base"), file(name)]);
    await using image = await open(file(name), "r+");
    await image.write(Buffer.from([value]), 0, 1, at);
  }
  const reasons = {
    child: /backing file/,
    external: /external data file/,
    locked: /encrypted/,
    corrupt: /marked as corrupt/,
    old: /version 1/,
    huge: /more than bothy takes/,
  };
  for (const [name, reason] of Object.entries(reasons)) {
    await expect(checkQcow2(file(name), name), name).rejects.toMatchObject({
      code: "BOX_INVALID",
      message: expect.stringMatching(reason),
    });
  }
});
