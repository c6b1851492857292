import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findKernel } from "../../../src/boxes/kernel.ts";
import { findTools } from "../../../src/boxes/tools.ts";
import { type Layout, layout, writeJson } from "../../../src/system/index.ts";

/** Building them for real is test/contract/guest/artefacts.test.ts. */
const DIGEST = "ab".repeat(32);

let store: Layout;
beforeEach(async () => {
  store = layout(await mkdtemp(join(tmpdir(), "artefacts-")));
});
afterEach(() => rm(store.home, { recursive: true }));

async function place(kind: string, files: Record<string, string>): Promise<string> {
  const folder = store.artefact(kind, DIGEST);
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const current = { version: 1, digest: DIGEST, quickKey: "q", key: "k" };
  await writeJson(join(store.artefacts(kind), "current.json"), current);
  return folder;
}

test("an empty store has neither tools nor kernel", async () => {
  expect([await findTools(store), await findKernel(store)]).toEqual([undefined, undefined]);
});

test("findTools names the image as a layer", async () => {
  const folder = await place("tools", { "tools.erofs": "" });
  expect(await findTools(store)).toEqual({ digest: DIGEST, path: join(folder, "tools.erofs") });
});

test("findKernel names its files and version, and takes no incomplete one", async () => {
  const files = { vmlinuz: "", initramfs: "", "modules.erofs": "", "kernel.json": '{"version":"6.1.0"}' };
  const folder = await place("kernel", files);
  expect(await findKernel(store)).toEqual({
    digest: DIGEST,
    vmlinuz: join(folder, "vmlinuz"),
    initramfs: join(folder, "initramfs"),
    modules: join(folder, "modules.erofs"),
    version: "6.1.0",
  });
  await rm(join(folder, "initramfs"));
  expect(await findKernel(store)).toBeUndefined();
});
