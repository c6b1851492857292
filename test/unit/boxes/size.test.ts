import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bytesBelow } from "../../../src/boxes/size.ts";
import { tempHome } from "../../support/temp-home.ts";

test("the bytes of a folder are those of the files in it, without what links lead to", async () => {
  await using home = await tempHome();
  const folder = await home.sub("folder");
  await mkdir(join(folder, "a/b"), { recursive: true });
  await writeFile(join(folder, "a/b/file"), "12345");
  await writeFile(join(folder, "file"), "123");
  await symlink("/usr", join(folder, "link"));
  expect(await bytesBelow(folder)).toBe(8);
  expect(await bytesBelow(join(folder, "file"))).toBe(3);
  expect(await bytesBelow(join(folder, "nothing"))).toBe(0);
});
