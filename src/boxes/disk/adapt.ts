import { loginChanges } from "./adapt-login.ts";
import { networkChanges } from "./adapt-network.ts";
import { addition, type Change, removal, removals, replacement } from "./change.ts";
import type { Tree } from "./inside.ts";

const FSTAB =
  "# The root file system is mounted before init starts. What the box had is in /etc/fstab.box.\n";

/**
 * Units that wait for, or work on, what these machines do not have: the disks of the box, a network that asks for its
 * addresses, a boot loader.
 */
const MASKED = [
  "systemd-remount-fs.service",
  "systemd-networkd-wait-online.service",
  "NetworkManager-wait-online.service",
  "ifupdown-wait-online.service",
  "systemd-growfs-root.service",
  "systemd-pcrphase.service",
  "grub-common.service",
  "grub2-systemd-integration.service",
  "e2scrub_reap.service",
  "fstrim.timer",
  "dracut-shutdown.service",
  "kdump.service",
  "kdump-tools.service",
  "multipathd.service",
  "lvm2-monitor.service",
  "quotaon.service",
  "systemd-quotacheck.service",
];
const UNIT_FOLDERS = ["/usr/lib/systemd/system", "/lib/systemd/system"];
const SELINUX = "/etc/selinux/config";

/**
 * What has to change in a box that was made for a virtual machine with its own disk, so that it runs on our layers, at
 * both levels: no disks to look for, no network of its own, no cloud-init, nobody's identity.
 */
export async function adaptations(tree: Tree, user: string | undefined): Promise<Change[]> {
  const changes = [
    ...(await diskChanges(tree)),
    ...(await networkChanges(tree)),
    ...(await loginChanges(tree, user)),
    ...(await addition(tree, "/etc/cloud/cloud-init.disabled", "bothy does what cloud-init would do\n")),
    ...(await maskUnits(tree)),
    ...(await permissive(tree)),
  ];
  const paths = new Map(changes.map((change) => [change.path, change]));
  return [...paths.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function diskChanges(tree: Tree): Promise<Change[]> {
  return [
    ...(await replacement(tree, "/etc/fstab", FSTAB)),
    ...(await replacement(tree, "/etc/crypttab", "# What the box had is in /etc/crypttab.box.\n")),
    // an upgrade of the box's kernel must not fail for the boot loader that has no disk
    ...(await removals(tree, "/etc/kernel/postinst.d", /update-grub|grub/)),
    ...(await removals(tree, "/etc/kernel/postrm.d", /update-grub|grub/)),
    ...(await removal(tree, "/etc/runlevels/boot/swap")),
    ...(await removal(tree, "/etc/runlevels/boot/fsck")),
  ];
}

/** A link to /dev/null at the place that wins; only for units that the box has. */
async function maskUnits(tree: Tree): Promise<Change[]> {
  if (!(await tree.statHere("/etc/systemd/system"))?.isDirectory()) return [];
  const units = new Set((await Promise.all(UNIT_FOLDERS.map((folder) => tree.list(folder)))).flat());
  return MASKED.filter((unit) => units.has(unit)).map((unit) => ({
    path: `/etc/systemd/system/${unit}`,
    link: "/dev/null",
  }));
}

/** What machines write has no labels, and a policy that is enforced would keep them from starting. */
async function permissive(tree: Tree): Promise<Change[]> {
  const text = (await tree.statHere(SELINUX))?.isFile() ? await tree.read(SELINUX) : undefined;
  const changed = text?.replace(/^SELINUX=enforcing/m, "SELINUX=permissive");
  return changed === undefined || changed === text ? [] : replacement(tree, SELINUX, changed);
}
