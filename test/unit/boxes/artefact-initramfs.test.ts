import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { archive } from "../../../src/boxes/artefact-initramfs.ts";
import { run } from "../../../src/system/index.ts";

const ENTRIES = [
  { path: "init", mode: 0o755, content: Buffer.from("#!/bin/sh\n") },
  { path: "lib/modules/a.ko", mode: 0o644, content: Buffer.from([0, 1, 2, 3, 4]) },
  { path: "dev", mode: 0o755 },
];

test("cpio reads what was packed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "initramfs-"));
  await run(["cpio", "-idm", "--quiet"], { input: archive(ENTRIES), cwd: folder });
  expect(await readFile(join(folder, "lib/modules/a.ko"))).toEqual(Buffer.from([0, 1, 2, 3, 4]));
  const init = await stat(join(folder, "init"));
  expect([init.mode & 0o777, init.uid, init.mtimeMs]).toEqual([0o755, 0, 0]);
  expect((await stat(join(folder, "dev"))).isDirectory()).toBe(true);
  await rm(folder, { recursive: true });
});

test("the order of entries does not show", () => {
  expect(archive([...ENTRIES].reverse())).toEqual(archive(ENTRIES));
});

test("folders come before what is in them", () => {
  const text = archive(ENTRIES).toString("latin1");
  expect(text.indexOf("lib\0")).toBeLessThan(text.indexOf("lib/modules\0"));
  expect(text.indexOf("lib/modules\0")).toBeLessThan(text.indexOf("lib/modules/a.ko\0"));
});
