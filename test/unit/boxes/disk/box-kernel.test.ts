import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { adopt } from "../../../../src/boxes/disk/adopt.ts";
import { readArchive } from "../../../../src/boxes/disk/cpio.ts";
import { openKernel } from "../../../../src/boxes/kernel.ts";
import { importTree } from "../../../../src/boxes/layer/index.ts";
import { type Layout, run } from "../../../../src/system/index.ts";
import { plant, SYSTEM } from "../../../support/disks.ts";
import { linkImages } from "../../../support/images.ts";
import { type TempHome, tempHome } from "../../../support/temp-home.ts";

async function adopted(home: TempHome, files: Record<string, string>) {
  const tree = await home.sub("tree");
  await plant(tree, files);
  const base = await importTree(home.layout, tree);
  const lines: string[] = [];
  const scratch = await home.sub("scratch");
  const report = (line: string) => lines.push(line);
  return { content: await adopt(home.layout, base, { user: "me", scratch, report }), lines };
}

/** Modules as a Debian kernel of today has them, but for their content. */
function modules(names: readonly string[]): Record<string, string> {
  const base = "usr/lib/modules/6.9.1-x";
  return {
    ...Object.fromEntries(names.map((name) => [`${base}/kernel/${name}.ko`, name])),
    [`${base}/modules.dep`]: names.map((name) => `kernel/${name}.ko:\n`).join(""),
    [`${base}/modules.builtin`]: "kernel/fs/ext4/ext4.ko\nkernel/drivers/virtio/virtio_pci.ko\n",
  };
}

const KERNEL = { ...SYSTEM, lib: "-> usr/lib", "boot/vmlinuz-6.9.1-x": "k".repeat(2000) };

test("its own kernel becomes one that boots our way, with only its own modules", async () => {
  await using home = await tempHome();
  await linkImages(home.layout.home);
  const names = ["virtio_blk", "virtio_net", "erofs", "overlay"];
  const { content, lines } = await adopted(home, { ...KERNEL, ...modules(names) });
  expect(lines).toContain("keeping its own kernel 6.9.1-x");
  const kernel = await openKernel(home.layout, content.kernel?.digest ?? "");
  expect([kernel.version, await readFile(kernel.vmlinuz, "utf8")]).toEqual(["6.9.1-x", "k".repeat(2000)]);
  const list = readArchive(await readFile(kernel.initramfs)).find(({ path }) => path === "etc/modules");
  expect(Buffer.from(list?.content ?? []).toString()).toBe(
    "virtio_pci virtio_blk erofs overlay virtio_net ext4\n",
  );
  const out = join(home.folder, "modules");
  await run(["fsck.erofs", `--extract=${out}`, kernel.modules]);
  expect(await readFile(join(out, "6.9.1-x/kernel/erofs.ko"), "utf8")).toBe("erofs");
  await expectReadable(home.layout, kernel.digest);
});

/** QEMU's user reads it. */
async function expectReadable(layout: Layout, digest: string): Promise<void> {
  const folder = layout.artefact("kernel", digest);
  for (const name of ["", "vmlinuz", "initramfs", "modules.erofs"]) {
    expect((await stat(join(folder, name))).mode & 0o004, name).toBe(0o004);
  }
}

test("a kernel that lacks what machines need is left out, and that is said", async () => {
  await using home = await tempHome();
  const { content, lines } = await adopted(home, {
    ...KERNEL,
    ...modules(["virtio_blk", "virtio_net", "overlay"]),
  });
  expect(content.kernel).toBeUndefined();
  expect(lines).toContain("its own kernel 6.9.1-x is left out: it lacks the module erofs");
});
