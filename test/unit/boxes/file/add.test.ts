import { readdir, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import type { Box } from "../../../../src/boxes/box.ts";
import { digestOfFile } from "../../../../src/boxes/digest.ts";
import { listBoxes } from "../../../../src/boxes/entries.ts";
import { addFile } from "../../../../src/boxes/file/index.ts";
import { lookUp, readText } from "../../../../src/boxes/layer/index.ts";
import { type Layout, loopDevicesOf, run } from "../../../../src/system/index.ts";
import { makeBoxFile, makeDisk, type PartitionSpec, plant, SYSTEM, toQcow2 } from "../../../support/disks.ts";
import { serveFiles } from "../../../support/file-server.ts";
import { type TempHome, tempHome } from "../../../support/temp-home.ts";

/** A folder with `disk.raw` and `box.img` (qcow2) of these partitions. */
async function disk(home: TempHome, name: string, partitions: readonly PartitionSpec[]): Promise<string> {
  const folder = await home.sub(name);
  await makeDisk(join(folder, "disk.raw"), "dos", partitions);
  await toQcow2(join(folder, "disk.raw"), join(folder, "box.img"));
  return folder;
}

async function system(home: TempHome, more: Record<string, string> = {}): Promise<string> {
  const tree = await home.sub("system");
  await plant(tree, { ...SYSTEM, ...more });
  return tree;
}

async function libvirtBox(home: TempHome, tree: string): Promise<string> {
  const folder = await disk(home, "box", [{ fs: "ext4", sizeMiB: 8, tree, bootable: true }]);
  const file = join(home.folder, "web.box");
  await makeBoxFile(file, folder, { provider: "libvirt", format: "qcow2", virtual_size: 1 }, ["./box.img"]);
  return file;
}

/** Nothing is left of work: no workspace, no loop device. */
async function expectTidy(layout: Layout, ...files: string[]): Promise<void> {
  expect(await readdir(layout.temporary()).catch(() => [])).toEqual([]);
  for (const file of files) expect(await loopDevicesOf(file)).toEqual([]);
}

test("a libvirt box becomes its tree and a small layer that keeps it from fighting with ours", async () => {
  await using home = await tempHome();
  const { layout } = home;
  const file = await libvirtBox(home, await system(home, { "etc/cloud/": "", "etc/app": "mine" }));
  const lines: string[] = [];
  const add = (more: object = {}) =>
    addFile(layout, basename(file), {
      name: "Team/Web",
      cwd: home.folder,
      report: (line) => lines.push(line),
      ...more,
    });
  const box = await add();
  expect(box).toMatchObject({
    ...{ name: "team/web", init: "/sbin/init", user: "vagrant", labels: {}, environment: {} },
    source: { file, checksum: `sha256:${await digestOfFile(file)}` },
  });
  expect(box.layers).toHaveLength(2);
  expect(await readText(layout, box.layers, "/etc/app")).toBe("mine");
  expect(await readText(layout, box.layers, "/etc/fstab")).toMatch(/^#/);
  expect(await readText(layout, box.layers, "/etc/fstab.box")).toBe(SYSTEM["etc/fstab"]);
  expect(await lookUp(layout, box.layers, "/etc/cloud/cloud-init.disabled")).toBeDefined();
  expect(await add()).toEqual(box);
  expect(lines.at(-1)).toBe("is there already");
  const again = await add({ force: true });
  expect([again.digest, lines.at(-1)]).toEqual([box.digest, expect.not.stringContaining("already")]);
  await expectTidy(layout, file);
});

test("a box of libvirt's second format has its system on several disks", async () => {
  await using home = await tempHome();
  const data = await home.sub("data");
  await plant(data, { "lib/state": "kept" });
  const tree = await system(home, { "var/": "", "etc/fstab": "/dev/vdb1 /var ext4 defaults 0 0\n" });
  const first = await disk(home, "box", [{ fs: "ext4", sizeMiB: 8, tree }]);
  const second = await disk(home, "second", [{ fs: "ext4", sizeMiB: 8, tree: data }]);
  await run(["mv", join(second, "box.img"), join(first, "data.img")]);
  const file = join(home.folder, "two.box");
  const disks = [{ path: "box.img" }, { path: "data.img", name: "data" }];
  await makeBoxFile(file, first, { provider: "libvirt", disks }, ["./data.img", "./box.img"]);
  const box = await addFile(home.layout, file, { name: "two", cwd: "/" });
  expect(await readText(home.layout, box.layers, "/var/lib/state")).toBe("kept");
});

test("a disk that cannot be read is kept whole, for VMs only", async () => {
  await using home = await tempHome();
  const { layout } = home;
  const folder = await disk(home, "box", [{ fs: "lvm", sizeMiB: 4 }]);
  await run(["xz", join(folder, "disk.raw")]);
  const box = await addFile(layout, join(folder, "disk.raw.xz"), { name: "vm-only", cwd: "/" });
  expect(box).toMatchObject({
    ...{ layers: [], user: "bothy" },
    disk: {
      firmware: "bios",
      virtualBytes: 6 << 20,
      reason: expect.stringContaining("partition 1 (LVM2_member)"),
    },
  });
  const kept = layout.disk(box.disk?.digest ?? "");
  expect(await digestOfFile(kept)).toBe(box.disk?.digest);
  expect((await stat(kept)).mode & 0o777).toBe(0o444);
  await expectTidy(layout);
});

test("a catalog is followed to a box, whose checksum counts", async () => {
  await using home = await tempHome();
  const file = await libvirtBox(home, await system(home));
  const checksum = (await run(["sha512sum", file])).stdout.split(" ")[0];
  const offer = (version: string, hex?: string) => ({
    version,
    providers: [{ name: "libvirt", url: basename(file), checksum: hex, checksum_type: "sha512" }],
  });
  const versions = [offer("1.0.0", checksum), offer("1.2.0", checksum), offer("2.0.0", "0".repeat(128))];
  await writeFile(join(home.folder, "web.json"), JSON.stringify({ name: "Team/web", versions }));
  await using server = await serveFiles(home.folder);
  const url = `${server.url}/web.json`;
  const box = await addFile(home.layout, url, { version: "~> 1.0", provider: "libvirt", cwd: "/" });
  expect(box).toMatchObject({
    name: "team/web",
    source: {
      ...{ file: `${server.url}/web.box`, checksum: `sha512:${checksum}`, catalog: url },
      ...{ constraint: "~> 1.0", provider: "libvirt", boxVersion: "1.2.0" },
    },
  });
  const before = server.asked.length;
  expect(await addFile(home.layout, url, { version: "~> 1.0", cwd: "/" })).toEqual(box);
  expect(server.asked.slice(before).filter((line) => line.endsWith(".box"))).toEqual([]);
  expect(await readdir(home.layout.downloads())).toEqual([]);
  for (const location of [url, join(home.folder, "web.json")]) {
    await expect(addFile(home.layout, location, { cwd: "/" })).rejects.toMatchObject({
      code: "CHECKSUM_MISMATCH",
    });
  }
  expect((await listBoxes(home.layout)).map(({ name }) => name)).toEqual(["team/web"]);
  await expectTidy(home.layout);
});

test("a download outlives the failure of what comes after it, and is not fetched twice", async () => {
  await using home = await tempHome();
  const folder = await home.sub("www");
  await writeFile(join(folder, "x"), "x");
  await run(["tar", "-C", folder, "-cf", join(folder, "a.box"), "x"]);
  await using server = await serveFiles(folder);
  const add = () => addFile(home.layout, `${server.url}/a.box`, { name: "a", cwd: "/" });
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(add()).rejects.toMatchObject({ code: "BOX_INVALID" });
  }
  expect(server.asked.filter((line) => line === "GET /a.box")).toHaveLength(1);
  const tree = await system(home);
  await run(["tar", "-C", tree, "-cf", join(folder, "a.box"), "."]);
  await run(["touch", "-d", "@1700000000", join(folder, "a.box")]);
  const box: Box = await add();
  expect(box.layers.length).toBe(2);
  expect(await readdir(home.layout.downloads())).toEqual([]);
});

test.each([
  ["a qcow2 with a backing file", "backing.qcow2", /backing file/],
  ["a box without metadata", "none.box", /no metadata\.json/],
  ["a box for another provider", "other.box", /the provider `virtualbox`/],
  ["a box without its disk", "lost.box", /no `box\.img`/],
])("%s is refused, and the store stays as it was", async (_, name, message) => {
  await using home = await tempHome();
  const folder = await disk(home, "box", [{ fs: "none", sizeMiB: 1 }]);
  const at = (file: string) => join(home.folder, file);
  await run([
    "qemu-img",
    "create",
    "-q",
    "-f",
    "qcow2",
    "-b",
    join(folder, "box.img"),
    "-F",
    "qcow2",
    at("backing.qcow2"),
  ]);
  await makeBoxFile(at("none.box"), folder, undefined, ["./box.img"]);
  await makeBoxFile(at("other.box"), folder, { provider: "virtualbox" }, ["./box.img"]);
  await makeBoxFile(at("lost.box"), folder, { provider: "libvirt", format: "qcow2", virtual_size: 1 }, []);
  const adding = addFile(home.layout, at(name), { name: "x", cwd: "/" });
  await expect(adding).rejects.toMatchObject({
    code: "BOX_INVALID",
    message: expect.stringMatching(message),
  });
  expect(await listBoxes(home.layout)).toEqual([]);
  await expectTidy(home.layout);
});

test("what is asked for wrongly says what is missing", async () => {
  await using home = await tempHome();
  const file = await libvirtBox(home, await system(home));
  const add = (location: string, more: object) =>
    addFile(home.layout, location, { cwd: home.folder, ...more });
  await expect(add("web.box", {})).rejects.toMatchObject({
    code: "USAGE",
    hints: [`bothy box add --name web ${file}`],
  });
  await expect(add("web.box", { name: "x", version: "1" })).rejects.toMatchObject({ code: "USAGE" });
  await expect(add("nowhere.box", { name: "x" })).rejects.toMatchObject({ code: "BOX_UNKNOWN" });
  await expect(add("ftp://a/b.box", { name: "x" })).rejects.toMatchObject({ code: "USAGE" });
  const checksum = { algorithm: "md5", hex: "0".repeat(32) };
  await expect(add("web.box", { name: "x", checksum })).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
});

test("an interrupted addition leaves nothing", async () => {
  await using home = await tempHome();
  const file = await libvirtBox(home, await system(home));
  for (const when of ["unpacking the box", "packing the layer"]) {
    const abort = new AbortController();
    const report = (line: string) => line === when && abort.abort();
    const adding = addFile(home.layout, file, { name: "x", cwd: "/", signal: abort.signal, report });
    await expect(adding).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(await listBoxes(home.layout)).toEqual([]);
    await expectTidy(home.layout, file);
  }
});

test("two that add the same box at once make it once", async () => {
  await using home = await tempHome();
  const file = await libvirtBox(home, await system(home));
  const lines: string[] = [];
  const add = () => addFile(home.layout, file, { name: "x", cwd: "/", report: (line) => lines.push(line) });
  const [one, other] = await Promise.all([add(), add()]);
  expect(one).toEqual(other);
  expect(lines.filter((line) => line === "packing the layer")).toHaveLength(1);
});
