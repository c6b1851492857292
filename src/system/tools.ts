/** Programs of the host that bothy runs, and the Debian package that brings each. */
export const TOOL_PACKAGES = {
  "qemu-system-x86_64": "qemu-system-x86",
  libvirtd: "libvirt-daemon-system",
  virtlogd: "libvirt-daemon",
  runc: "runc",
  crun: "crun",
  conmon: "conmon",
  mmdebstrap: "mmdebstrap",
  "mkfs.erofs": "erofs-utils",
  "mkfs.ext4": "e2fsprogs",
  e2fsck: "e2fsprogs",
  dnsmasq: "dnsmasq-base",
  nft: "nftables",
  ip: "iproute2",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
  patchelf: "patchelf",
  cpio: "cpio",
  depmod: "kmod",
  losetup: "mount",
  mount: "mount",
  unshare: "util-linux",
  flock: "util-linux",
  tar: "tar",
  zstd: "zstd",
  xz: "xz-utils",
  bzip2: "bzip2",
  buildah: "buildah",
  "qemu-img": "qemu-utils",
  blkid: "util-linux",
  sfdisk: "fdisk",
  "mkfs.vfat": "dosfstools",
  mcopy: "mtools",
  "dump.erofs": "erofs-utils",
  setfattr: "attr",
  getfattr: "attr",
  chattr: "e2fsprogs",
  extlinux: "extlinux",
  fsfreeze: "util-linux",
  nsenter: "util-linux",
  setpriv: "util-linux",
} as const;

/** The Debian package with that program; the program's own name when we do not know. */
export function packageOf(tool: string): string {
  const name = tool.split("/").at(-1) ?? tool;
  return Object.hasOwn(TOOL_PACKAGES, name) ? TOOL_PACKAGES[name as keyof typeof TOOL_PACKAGES] : name;
}
