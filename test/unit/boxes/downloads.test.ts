import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeDownloads } from "../../../src/boxes/index.ts";
import { leaseLayers } from "../../../src/boxes/lease.ts";
import type { Layout } from "../../../src/system/index.ts";
import { tempHome } from "../../support/temp-home.ts";

async function putDownloads(layout: Layout): Promise<void> {
  await mkdir(join(layout.downloads(), "blobs/sha256"), { recursive: true });
  await writeFile(join(layout.downloads(), "blobs/sha256/abc.part"), "12345");
  await writeFile(join(layout.downloads(), "box.qcow2"), "123");
}

test("what was downloaded for nothing goes, with its folders; with dryRun the same is told", async () => {
  await using home = await tempHome();
  await putDownloads(home.layout);
  const found = { files: ["blobs/sha256/abc.part", "box.qcow2"], freedBytes: 8 };
  expect(await removeDownloads(home.layout, { dryRun: true, olderThanMs: 0 })).toEqual(found);
  expect(await removeDownloads(home.layout, { olderThanMs: 0 })).toEqual(found);
  expect(existsSync(join(home.layout.downloads(), "blobs"))).toBe(false);
  expect(await removeDownloads(home.layout, { olderThanMs: 0 })).toEqual({ files: [], freedBytes: 0 });
});

test("what is younger stays, for the next try goes on with it", async () => {
  await using home = await tempHome();
  await putDownloads(home.layout);
  expect(await removeDownloads(home.layout, { olderThanMs: 60_000 })).toEqual({ files: [], freedBytes: 0 });
  expect(existsSync(join(home.layout.downloads(), "box.qcow2"))).toBe(true);
});

test("nothing goes while an import runs", async () => {
  await using home = await tempHome();
  await putDownloads(home.layout);
  await using _ = await leaseLayers(home.layout);
  expect(await removeDownloads(home.layout, { olderThanMs: 0 })).toMatchObject({
    files: [],
    kept: expect.stringContaining("import"),
  });
  expect(existsSync(join(home.layout.downloads(), "box.qcow2"))).toBe(true);
});

test("a store without downloads has none", async () => {
  await using home = await tempHome();
  expect(await removeDownloads(home.layout, { olderThanMs: 0 })).toEqual({ files: [], freedBytes: 0 });
});
