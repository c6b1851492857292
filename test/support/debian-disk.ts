import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { archive } from "../../src/boxes/artefact-initramfs.ts";
import { selectModules } from "../../src/boxes/artefact-modules.ts";
import { readArchive } from "../../src/boxes/disk/cpio.ts";
import { findBox, findKernel, type Kernel } from "../../src/boxes/index.ts";
import { type Layout, removeTree, run } from "../../src/system/index.ts";

/** The pair that Vagrant publishes, as Debian's package has it. */
const PUBLISHED_KEY = "/usr/share/rubygems-integration/all/gems/vagrant-2.3.4/keys/vagrant.pub";

/**
 * What `$1` to `$5` are: the layer, the modules, the kernel, its version, the disk to be made. In a mount namespace of
 * its own: a real Debian on one partition, with a kernel of its own, that asks for an address and knows its disk.
 */
const MAKE = `
work=$5.work
mkdir -p $work/layer $work/modules $work/root
mount -t erofs -o ro,loop "$1" $work/layer
mount -t erofs -o ro,loop "$2" $work/modules
truncate --size 600M "$5"
printf 'label: dos\\nstart=1MiB, type=83, bootable\\n' | sfdisk --quiet "$5"
mkfs.ext4 -q -L system -E offset=1048576 "$5" 598M
mount -o loop,offset=1048576 "$5" $work/root
cd $work/root
tar -C $work/layer --xattrs --exclude-from=- -cf - . <<'NOT_NEEDED' | tar --xattrs -xpf -
./usr/share/doc/*
./usr/share/i18n/*
./usr/share/locale/*
./usr/share/man/*
./usr/lib/python3*
./usr/lib/locale/*
./usr/lib/x86_64-linux-gnu/gconv/*
NOT_NEEDED
mkdir -p usr/lib/modules boot
cp -a "$work/modules/$4" usr/lib/modules/
cp "$3" "boot/vmlinuz-$4"
echo 'LABEL=system / ext4 errors=remount-ro 0 1' >etc/fstab
echo 0123456789abcdef0123456789abcdef >etc/machine-id
chroot . useradd --create-home --shell /bin/bash vagrant
mkdir -m 700 home/vagrant/.ssh
cp "${PUBLISHED_KEY}" home/vagrant/.ssh/authorized_keys
chroot . chown -R vagrant:vagrant /home/vagrant
chmod 600 home/vagrant/.ssh/authorized_keys
echo 'vagrant ALL=(ALL:ALL) NOPASSWD: ALL' >etc/sudoers.d/vagrant
chmod 440 etc/sudoers.d/vagrant
printf '[Match]\\nName=eth0\\n[Network]\\nDHCP=yes\\n' >etc/systemd/network/eth0.network
ln -sf /usr/lib/systemd/system/systemd-networkd.service etc/systemd/system/multi-user.target.wants/
chroot . ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
echo 'made for a disk' >etc/made
`;

/** A raw disk with a whole Debian, from the store's box and kernel. Takes about ten seconds. */
export async function makeDebianDisk(layout: Layout, disk: string): Promise<Kernel> {
  const box = await findBox(layout, "debian/12");
  const kernel = await findKernel(layout);
  const layer = box?.layers[0];
  if (!kernel || !layer) throw new Error("no debian/12 or no kernel: `bothy box build debian/12`");
  const files = [layout.layer(layer.digest), kernel.modules, kernel.vmlinuz, kernel.version, disk];
  await run(["unshare", "--mount", "--propagation", "private", "sh", "-euc", MAKE, "-", ...files]);
  await removeTree(`${disk}.work`, { within: dirname(disk) }); // empty: its mounts went with the namespace
  return kernel;
}

const INIT = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
modprobe -a virtio_pci virtio_blk virtio_net ext4
mount -t ext4 /dev/vda1 /root
umount /proc
exec /bin/busybox switch_root /root /sbin/init
`;

/** A kernel and an initramfs that boot such a disk without a boot loader. */
export async function bootFiles(kernel: Kernel, folder: string): Promise<{ kernel: string; initrd: string }> {
  const modules = join(folder, "modules");
  await run(["fsck.erofs", `--extract=${modules}`, kernel.modules]);
  const ours = readArchive(await readFile(kernel.initramfs));
  const busybox = ours.filter(({ path }) => path === "bin/busybox");
  const wanted = ["virtio_pci", "virtio_blk", "virtio_net", "ext4"];
  const initrd = join(folder, "initrd");
  await writeFile(
    initrd,
    archive([
      ...busybox,
      ...(await selectModules(join(modules, kernel.version), kernel.version, wanted)),
      { path: "init", mode: 0o755, content: Buffer.from(INIT) },
      ...["dev", "proc", "root", "sys"].map((path) => ({ path, mode: 0o755 })),
    ]),
  );
  return { kernel: kernel.vmlinuz, initrd };
}
