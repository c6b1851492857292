import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ArchiveEntry, archive } from "../../src/boxes/artefact-initramfs.ts";
import { selectModules } from "../../src/boxes/artefact-modules.ts";
import { fetchBoot } from "../../src/boxes/export/vagrant/boot.ts";
import { makeRawDisk } from "../../src/boxes/export/vagrant/disk.ts";
import { findTools } from "../../src/boxes/index.ts";
import { mounted } from "../../src/boxes/mounted/index.ts";
import { asset, type Layout, run } from "../../src/system/index.ts";

const SIZE_BYTES = 96 << 20;

/** The whole system is its initramfs: an address by DHCP, an SSH server with a host key of its own, one user. */
const INIT = `#!/.bothy/bin/busybox sh
busybox=/.bothy/bin/busybox
$busybox mkdir -p /proc /sys /dev /tmp /etc/dropbear /home/vagrant/.ssh
$busybox mount -t proc proc /proc; $busybox mount -t sysfs sys /sys; $busybox mount -t devtmpfs dev /dev
$busybox mkdir -p /dev/pts; $busybox mount -t devpts devpts /dev/pts
$busybox modprobe -a virtio_pci virtio_net
echo 'root:x:0:0::/:/.bothy/bin/sh' >/etc/passwd; echo 'vagrant:x:1000:1000::/home/vagrant:/.bothy/bin/sh' >>/etc/passwd
echo 'vagrant:x:1000:' >/etc/group; echo '/.bothy/bin/sh' >/etc/shells
$busybox cp /public_key /home/vagrant/.ssh/authorized_keys; $busybox chmod -R go= /home/vagrant/.ssh
$busybox chown -R 1000:1000 /home/vagrant
echo '#!/.bothy/bin/busybox sh
[ "$ip" ] && /.bothy/bin/busybox ifconfig "$interface" "$ip" netmask "$subnet"' >/dhcp; $busybox chmod 755 /dhcp
$busybox ifconfig lo up; $busybox ifconfig eth0 up; $busybox udhcpc -q -i eth0 -s /dhcp
echo "own system: ready"
exec /.bothy/bin/dropbear -F -E -R
`;

/**
 * Writes a Vagrant box whose disk nobody can read a root from: a boot loader, a kernel, and a system in its initramfs.
 * Takes the kernel from the host's package sources, and programs from the store's guest tools.
 */
export async function writeOwnDiskBox(layout: Layout, folder: string): Promise<string> {
  const boot = await fetchBoot(await madeFolder(folder, "boot"));
  const initramfs = join(folder, "initrd.img");
  await writeFile(initramfs, await systemOf(layout, boot.modules, boot.version, folder));
  const disk = await makeRawDisk(join(folder, "disk.img"), {
    sizeBytes: SIZE_BYTES,
    uuid: "0b07b07b-0000-4000-8000-000000000001",
  });
  const mount = ["mount", "-t", "ext4", "-o", `loop,offset=${disk.offset}`, "--", disk.path, "disk"];
  {
    await using mounts = await mounted(layout, [["mkdir", "disk"], mount]);
    const target = join(mounts.folder, "disk");
    await run(["cp", "--", boot.vmlinuz, join(target, "vmlinuz")]);
    await run(["cp", "--", initramfs, join(target, "initrd.img")]);
    const words = "console=ttyS0 quiet loglevel=3 net.ifnames=0";
    await writeFile(
      join(target, "extlinux.conf"),
      `DEFAULT own\nLABEL own\n  KERNEL /vmlinuz\n  INITRD /initrd.img\n  APPEND ${words}\n`,
    );
    await mounts.run(["extlinux", "--install", "disk"]);
  }
  return packBox(folder, disk.path);
}

async function systemOf(layout: Layout, modules: string, version: string, folder: string): Promise<Buffer> {
  const tools = await findTools(layout);
  if (!tools) throw new Error("no guest tools in the store");
  const tree = await madeFolder(folder, "system");
  await using mounts = await mounted(layout, [
    ["mkdir", "tools"],
    ["mount", "-t", "erofs", "-o", "ro,loop", "--", tools.path, "tools"],
  ]);
  await mounts.run(["cp", "-a", "--", "tools", join(tree, ".bothy")]);
  const insecure = join(folder, "insecure_key"); // a checkout's may be read by everybody, which ssh-keygen refuses
  await copyFile(asset("boxes", "vagrant", "insecure_key"), insecure);
  await chmod(insecure, 0o600);
  const key = await run(["ssh-keygen", "-y", "-f", insecure]);
  await writeFile(join(tree, "public_key"), key.stdout);
  await writeFile(join(tree, "init"), INIT, { mode: 0o755 });
  const chosen = await selectModules(modules, version, ["virtio_pci", "virtio_net"]);
  return archive([...(await entriesOf(tree)), ...chosen]);
}

async function entriesOf(tree: string): Promise<ArchiveEntry[]> {
  const found = await readdir(tree, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => !entry.isDirectory());
  return Promise.all(
    files.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path: path.slice(tree.length + 1), mode: 0o755, content: await readFile(path) };
    }),
  );
}

async function packBox(folder: string, disk: string): Promise<string> {
  await run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk, join(folder, "box.img")]);
  const metadata = { provider: "libvirt", format: "qcow2", virtual_size: 1 };
  await writeFile(join(folder, "metadata.json"), JSON.stringify(metadata));
  const box = join(folder, "own.box");
  await run(["tar", "-cf", box, "-C", folder, "metadata.json", "box.img"]);
  return box;
}

async function madeFolder(folder: string, name: string): Promise<string> {
  await mkdir(join(folder, name), { recursive: true });
  return join(folder, name);
}
