import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { archive } from "../../../../src/boxes/artefact-initramfs.ts";
import { ownInitramfs } from "../../../../src/boxes/disk/box-initramfs.ts";
import { readArchive } from "../../../../src/boxes/disk/cpio.ts";
import { missingFeatures, newestKernel } from "../../../../src/boxes/disk/find-kernel.ts";
import { treeAt } from "../../../../src/boxes/disk/inside.ts";
import { run } from "../../../../src/system/index.ts";
import { plant, SYSTEM } from "../../../support/disks.ts";
import { tempHome } from "../../../support/temp-home.ts";

const MODULES = ["virtio_net", "erofs", "overlay", "ext4"];
const BUILTIN = "kernel/drivers/virtio/virtio_pci.ko\nkernel/drivers/block/virtio_blk.ko\n";

function system(version: string, more: Record<string, string> = {}): Record<string, string> {
  const base = `usr/lib/modules/${version}`;
  const files = MODULES.map((name) => [`${base}/kernel/${name}.ko`, `module ${name} ${version}`]);
  return {
    ...SYSTEM,
    ...Object.fromEntries(files),
    lib: "-> usr/lib",
    [`boot/vmlinuz-${version}`]: "kernel",
    [`${base}/modules.builtin`]: BUILTIN,
    [`${base}/modules.dep`]: `${MODULES.map((name) => `kernel/${name}.ko:`).join("\n")}\n`,
    ...more,
  };
}

test("the newest kernel with modules is found, and what it lacks is named", async () => {
  await using home = await tempHome();
  const root = await home.sub("tree");
  const { lib, ...newer } = system("6.1.0-10-amd64");
  await plant(root, { ...system("6.1.0-9-amd64"), "boot/vmlinuz-7.0": "no modules" });
  for (const [path, text] of Object.entries(newer))
    if (!(path in SYSTEM)) await plant(root, { [path]: text });
  expect(lib).toBe("-> usr/lib");
  const tree = treeAt(root);
  const kernel = await newestKernel(tree, "/space");
  expect(kernel).toMatchObject({
    version: "6.1.0-10-amd64",
    image: join(root, "boot/vmlinuz-6.1.0-10-amd64"),
    modulesInSpace: "/space/usr/lib/modules/6.1.0-10-amd64",
  });
  if (kernel) expect(await missingFeatures(tree, kernel)).toEqual([]);
  await writeFile(
    join(root, "usr/lib/modules/6.1.0-10-amd64/modules.dep"),
    "kernel/ext4.ko:\nkernel/erofs.ko:\n",
  );
  await plant(root, { "boot/config-6.1.0-10-amd64": "# CONFIG_EROFS_FS_ZIP is not set\n" });
  if (kernel) {
    expect(await missingFeatures(tree, kernel)).toEqual([
      ...["the module virtio_net", "the module overlay", "erofs with compression"],
    ]);
    const old = { ...kernel, version: "5.10.0-1-amd64" };
    expect((await missingFeatures(tree, old)).join()).toContain("5.11 has it");
  }
});

test("our initramfs gets the box's modules, unpacked, and loads only what there is", async () => {
  await using home = await tempHome();
  const root = await home.sub("tree");
  await plant(root, system("6.12.1"));
  const folder = join(root, "usr/lib/modules/6.12.1");
  await run(["xz", join(folder, "kernel/erofs.ko")]);
  await run(["zstd", "-q", "--rm", join(folder, "kernel/overlay.ko")]);
  await mkdir(join(folder, "kernel"), { recursive: true });
  const dep =
    "kernel/virtio_net.ko:\nkernel/erofs.ko.xz:\nkernel/overlay.ko.zst: kernel/erofs.ko.xz\nkernel/ext4.ko:\n";
  await writeFile(join(folder, "modules.dep"), dep);
  const ours = archive([
    { path: "init", mode: 0o755, content: Buffer.from("#!script") },
    { path: "dev", mode: 0o755 },
    {
      path: "etc/modules",
      mode: 0o644,
      content: Buffer.from("pvpanic-mmio virtio_pci erofs overlay virtio-net\n"),
    },
    { path: "lib/modules/6.1/modules.dep", mode: 0o644, content: Buffer.from("old") },
  ]);
  const kernel = await newestKernel(treeAt(root), "/space");
  if (!kernel) throw new Error("no kernel");
  const entries = readArchive(await ownInitramfs(kernel, ours));
  const texts = new Map(
    entries.map(({ path, content }) => [path, content && Buffer.from(content).toString()]),
  );
  expect(texts.get("etc/modules")).toBe("virtio_pci erofs overlay virtio-net virtio_blk ext4\n");
  expect(texts.get("init")).toBe("#!script");
  expect(texts.get("lib/modules/6.12.1/kernel/overlay.ko")).toBe("module overlay 6.12.1");
  expect(texts.get("lib/modules/6.12.1/modules.dep")).toContain("kernel/overlay.ko: kernel/erofs.ko\n");
  expect([...texts.keys()].filter((path) => path.startsWith("lib/modules/6.1/"))).toEqual([]);
  expect(entries.find(({ path }) => path === "init")?.mode).toBe(0o755);
});

test("what is no archive of ours is refused", () => {
  expect(() => readArchive(Buffer.from("\u001f\u008bcompressed"))).toThrowError(/cannot be read/);
});
