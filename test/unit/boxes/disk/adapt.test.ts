import { lstat, readFile, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { adaptations } from "../../../../src/boxes/disk/adapt.ts";
import { writeChanges } from "../../../../src/boxes/disk/adapt-tree.ts";
import type { Change } from "../../../../src/boxes/disk/change.ts";
import { treeAt } from "../../../../src/boxes/disk/inside.ts";
import { run } from "../../../../src/system/index.ts";
import { plant, SYSTEM } from "../../../support/disks.ts";
import { tempHome } from "../../../support/temp-home.ts";

const DEBIAN = {
  ...SYSTEM,
  "etc/network/interfaces": "auto eth0\niface eth0 inet dhcp\n",
  "etc/network/interfaces.d/50-cloud-init": "iface eth0 inet dhcp\n",
  "etc/netplan/01.yaml": "network: {}\n",
  "etc/systemd/network/10-eth0.link": "[Match]\n",
  "etc/systemd/system/": "",
  "usr/lib/systemd/system/systemd-networkd-wait-online.service": "",
  "usr/lib/systemd/system/ssh.service": "",
  "etc/udev/rules.d/70-persistent-net.rules": "",
  "etc/cloud/": "",
  "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
  "var/lib/dbus/machine-id": "0123456789abcdef0123456789abcdef\n",
  "etc/ssh/ssh_host_rsa_key": "secret",
  "etc/ssh/ssh_host_rsa_key.pub": "ssh-rsa",
  "etc/ssh/sshd_config": "",
  "etc/ssh/sshd_config.d/": "",
  "etc/kernel/postinst.d/zz-update-grub": "#!/bin/sh\n",
  "etc/kernel/postinst.d/initramfs-tools": "#!/bin/sh\n",
  "home/vagrant/.ssh/authorized_keys": "ssh-rsa AAAA vagrant insecure public key\nssh-ed25519 BBBB me\n",
};

const byPath = (changes: readonly Change[]) => new Map(changes.map((change) => [change.path, change]));

test("a Debian box loses its disks, its network, its boot loader's hooks and its identity", async () => {
  await using home = await tempHome();
  const root = await home.sub("tree");
  await plant(root, DEBIAN);
  const changes = byPath(await adaptations(treeAt(root), "vagrant"));
  const removed = [...changes.values()].filter((change) => "remove" in change).map(({ path }) => path);
  expect(removed).toEqual([
    "/etc/kernel/postinst.d/zz-update-grub",
    "/etc/netplan/01.yaml",
    "/etc/network/interfaces.d/50-cloud-init",
    "/etc/ssh/ssh_host_rsa_key",
    "/etc/ssh/ssh_host_rsa_key.pub",
    "/etc/systemd/network/10-eth0.link",
    "/etc/udev/rules.d/70-persistent-net.rules",
  ]);
  expect(changes.get("/etc/fstab")).toMatchObject({ text: expect.stringMatching(/^#.*\n$/) });
  expect(changes.get("/etc/fstab.box")).toMatchObject({ text: SYSTEM["etc/fstab"] });
  expect(changes.get("/etc/network/interfaces")).toMatchObject({ text: expect.not.stringContaining("eth0") });
  expect(changes.get("/etc/machine-id")).toMatchObject({ text: "" });
  expect(changes.get("/var/lib/dbus/machine-id")).toMatchObject({ link: "/etc/machine-id" });
  expect(changes.get("/etc/systemd/system/systemd-networkd-wait-online.service")).toMatchObject({
    link: "/dev/null",
  });
  expect(changes.has("/etc/cloud/cloud-init.disabled")).toBe(true);
  expect(changes.has("/etc/systemd/network/00-bothy.network")).toBe(true);
  expect(changes.get("/home/vagrant/.ssh/authorized_keys")).toMatchObject({ text: "ssh-ed25519 BBBB me\n" });
  expect(changes.has("/etc/crypttab")).toBe(false);
});

test("a Red Hat box loses its ifcfg files, and its policy warns instead of refusing", async () => {
  await using home = await tempHome();
  const root = await home.sub("tree");
  await plant(root, {
    ...SYSTEM,
    "etc/sysconfig/network-scripts/ifcfg-eth0": "BOOTPROTO=dhcp\n",
    "etc/sysconfig/network-scripts/ifcfg-lo": "",
    "etc/NetworkManager/conf.d/": "",
    "etc/NetworkManager/system-connections/eth0.nmconnection": "",
    "etc/selinux/config": "# SELINUX=enforcing is one\nSELINUX=enforcing\nSELINUXTYPE=targeted\n",
  });
  const changes = byPath(await adaptations(treeAt(root), undefined));
  expect(changes.get("/etc/sysconfig/network-scripts/ifcfg-eth0")).toMatchObject({ remove: true });
  expect(changes.has("/etc/sysconfig/network-scripts/ifcfg-lo")).toBe(false);
  expect(changes.get("/etc/NetworkManager/system-connections/eth0.nmconnection")).toMatchObject({
    remove: true,
  });
  expect(changes.get("/etc/selinux/config")).toMatchObject({
    text: "# SELINUX=enforcing is one\nSELINUX=permissive\nSELINUXTYPE=targeted\n",
  });
});

test("a place behind a link is not touched: a layer's folder would hide what the link leads to", async () => {
  await using home = await tempHome();
  const root = await home.sub("tree");
  await plant(root, { ...SYSTEM, "etc/real/config": "SELINUX=enforcing\n", "etc/selinux": "-> real" });
  const changes = byPath(await adaptations(treeAt(root), "vagrant"));
  expect([...changes.keys()]).toEqual(["/etc/fstab", "/etc/fstab.box"]);
});

test("changes become a layer: whiteouts, links, files, and folders as they are below", async () => {
  await using home = await tempHome();
  const root = await home.sub("tree");
  await plant(root, { ...SYSTEM, "etc/ssh/key": "x", "home/vagrant/keys": "x" });
  await run(["chmod", "0711", join(root, "etc/ssh")]);
  await run(["chown", "-R", "1000:1001", join(root, "home/vagrant")]);
  const changes: Change[] = [
    { path: "/etc/ssh/key", remove: true },
    { path: "/etc/new", link: "/dev/null" },
    { path: "/home/vagrant/keys", text: "y", mode: 0o600, like: "/home/vagrant/keys" },
  ];
  const folder = join(home.folder, "layer");
  await writeChanges(changes, treeAt(root), folder);
  const whiteout = await lstat(join(folder, "etc/ssh/key"));
  expect([whiteout.isCharacterDevice(), whiteout.rdev]).toEqual([true, 0]);
  expect(await readlink(join(folder, "etc/new"))).toBe("/dev/null");
  expect((await stat(join(folder, "etc/ssh"))).mode & 0o777).toBe(0o711);
  const times = [folder, root].map(async (base) => Math.round((await stat(join(base, "etc/ssh"))).mtimeMs));
  expect((await Promise.all(times))[0]).toBe((await Promise.all(times))[1]);
  const keys = await stat(join(folder, "home/vagrant/keys"));
  expect([keys.uid, keys.gid, keys.mode & 0o777]).toEqual([1000, 1001, 0o600]);
  expect((await stat(join(folder, "home/vagrant"))).uid).toBe(1000);
  expect(await readFile(join(folder, "home/vagrant/keys"), "utf8")).toBe("y");
});
