import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { setAside, settleSetAside } from "../../../src/boxes/set-aside.ts";
import { removeUnused } from "../../../src/boxes/unused.ts";
import { ensureFolder } from "../../../src/system/index.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

const DIGEST = "d".repeat(64);

/** A disk and a kernel that say `old`. */
async function store({ layout }: TempHome) {
  const [disk, kernel] = [layout.disk(DIGEST), layout.artefact("kernel", DIGEST)];
  await ensureFolder(layout.disks());
  await ensureFolder(kernel);
  await writeFile(disk, "old");
  await writeFile(join(kernel, "vmlinuz"), "old");
  return { layout, disk, kernel };
}

test("what is made again takes the place, and what is not comes back", async () => {
  await using home = await tempHome();
  const { layout, disk, kernel } = await store(home);
  {
    await using _ = await setAside(layout, [disk, kernel, layout.disk("e".repeat(64))]);
    expect(await readdir(layout.disks())).toEqual([`${DIGEST}.qcow2.damaged`]);
    await writeFile(disk, "new");
  }
  expect(await readFile(disk, "utf8")).toBe("new");
  expect(await readFile(join(kernel, "vmlinuz"), "utf8")).toBe("old");
  expect(await readdir(layout.disks())).toEqual([`${DIGEST}.qcow2`]);
});

test("what a killed repair had put aside comes back, and a machine that stands on it keeps it", async () => {
  await using home = await tempHome();
  const { layout, disk, kernel } = await store(home);
  await setAside(layout, [disk, kernel]);
  await removeUnused(layout, { inUse: (digest) => (digest === DIGEST ? ["shop/web"] : []) });
  expect(await readFile(disk, "utf8")).toBe("old");
  await setAside(layout, [kernel]);
  await settleSetAside(layout);
  expect(await readdir(kernel)).toEqual(["vmlinuz"]);
  await setAside(layout, [disk]);
  expect(await removeUnused(layout, { inUse: () => [] })).toMatchObject({ disks: [DIGEST] });
  expect(await readdir(layout.disks())).toEqual([]);
});
