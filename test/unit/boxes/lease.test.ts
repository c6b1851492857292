import { writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { areLayersLeased, leaseLayers } from "../../../src/boxes/lease.ts";
import { ensureFolder, statIfExists } from "../../../src/system/index.ts";
import { tempHome } from "../../support/temp-home.ts";

test("layers are leased until the last lease is disposed", async () => {
  await using home = await tempHome();
  expect(await areLayersLeased(home.layout)).toBe(false);
  const first = await leaseLayers(home.layout);
  const second = await leaseLayers(home.layout);
  await first[Symbol.asyncDispose]();
  expect(await areLayersLeased(home.layout)).toBe(true);
  await second[Symbol.asyncDispose]();
  expect(await areLayersLeased(home.layout)).toBe(false);
});

test("a killed import's lease is none, and its file goes", async () => {
  await using home = await tempHome();
  const path = home.layout.lock("import-1-0");
  await ensureFolder(dirname(path));
  await writeFile(path, "{}");
  expect(await areLayersLeased(home.layout)).toBe(false);
  expect(await statIfExists(path)).toBeUndefined();
});
