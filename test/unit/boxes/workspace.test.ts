import { existsSync } from "node:fs";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { workspace } from "../../../src/boxes/workspace.ts";
import { tempHome } from "../../support/temp-home.ts";

it("a workspace is empty, private and gone when disposed", async () => {
  await using home = await tempHome();
  const stale = join(home.layout.temporary(), "box-x", "tree");
  await mkdir(stale, { recursive: true });
  let folder: string;
  {
    await using work = await workspace(home.layout, "box-x");
    folder = work.folder;
    expect(await readdir(folder)).toEqual([]);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    await writeFile(join(folder, "file"), "");
  }
  expect(existsSync(folder)).toBe(false);
});
