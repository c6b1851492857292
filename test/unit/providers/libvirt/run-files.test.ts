import { chmod, chown, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  listRunRecords,
  readRunRecord,
  reclaimDisk,
  removeRunFiles,
  runFiles,
  writeRunFiles,
} from "../../../../src/providers/libvirt/run-files.ts";
import { run } from "../../../../src/system/index.ts";
import { testStore } from "./store.ts";

const permissions = async (path: string) => (await stat(path)).mode & 0o777;

test("the seed becomes a sorted tar of root's, which nobody else reads", async () => {
  await using store = await testStore();
  const { seedDisk, folder } = await writeRunFiles(store.spec, "bothy-shop-db");
  const { stdout } = await run(["tar", "--list", "--verbose", "--numeric-owner", "--file", seedDisk]);
  const entries = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(/\s+/));
  expect(entries.map((entry) => [entry[0], entry[1], entry.at(-1)])).toEqual([
    ["drwx------", "0/0", "./"],
    ["-rw-------", "0/0", "./format"],
    ["-rw-------", "0/0", "./hostname"],
  ]);
  expect((await stat(seedDisk)).size % 512).toBe(0);
  expect([
    await permissions(seedDisk),
    await permissions(folder),
    await permissions(store.spec.runFolder),
  ]).toEqual([0o600, 0o711, 0o711]);
});

test("the record tells what runs, and the host key is pinned to the machine's id", async () => {
  await using store = await testStore();
  const { knownHosts } = await writeRunFiles(store.spec, "bothy-shop-db");
  const { id, name, project, dataDisk } = store.spec;
  const record = {
    store: store.spec.storeTag,
    id,
    name,
    project: project.id,
    domain: "bothy-shop-db",
    dataDisk,
    consoleFrom: 0,
  };
  expect(await listRunRecords(store.around.layout)).toEqual([record]);
  expect(await readFile(knownHosts, "utf8")).toBe(`${id} ssh-ed25519 AAAA\n`);
});

test("written again, nothing of before is left", async () => {
  await using store = await testStore();
  const { folder } = await writeRunFiles(store.spec, "one");
  await writeFile(join(folder, "old"), "");
  await writeRunFiles(store.spec, "two");
  expect((await readdir(folder)).sort()).toEqual(["known_hosts", "run.json", "seed.tar"]);
  expect((await readRunRecord(store.spec.runFolder))?.domain).toBe("two");
});

test("removing takes ours and leaves what others have in the run folder", async () => {
  await using store = await testStore();
  await writeRunFiles(store.spec, "one");
  await mkdir(join(store.spec.runFolder, "oci"));
  await removeRunFiles(store.spec.runFolder);
  expect(await readdir(store.spec.runFolder)).toEqual(["oci"]);
  await removeRunFiles(join(store.spec.runFolder, "..", "never-was"));
});

test("a damaged record is none", async () => {
  await using store = await testStore();
  await writeRunFiles(store.spec, "one");
  await writeFile(runFiles(store.spec.runFolder).record, "{");
  expect(await readRunRecord(store.spec.runFolder)).toBeUndefined();
  expect(await listRunRecords(store.around.layout)).toEqual([]);
});

test("a disk comes back to root", async () => {
  await using store = await testStore();
  const disk = store.spec.dataDisk;
  await chown(disk, 64055, 64055);
  await chmod(disk, 0o660);
  await reclaimDisk(disk);
  const { uid, gid } = await stat(disk);
  expect([uid, gid, await permissions(disk)]).toEqual([0, 0, 0o600]);
  await reclaimDisk(`${disk}-gone`);
});
