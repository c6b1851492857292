import { lstat, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { addAccount } from "../../../../src/boxes/export/vagrant/account.ts";
import { makeRawDisk } from "../../../../src/boxes/export/vagrant/disk.ts";
import { makeGuest, requireGuest } from "../../../../src/boxes/export/vagrant/guest.ts";
import { rootAt } from "../../../../src/boxes/export/vagrant/root.ts";
import { run } from "../../../../src/system/index.ts";
import { tempHome } from "../../../support/temp-home.ts";

const DEBIAN = `
  mkdir -p etc/sudoers.d usr/lib/systemd/system usr/sbin usr/bin home; ln -s usr/lib lib; ln -s usr/sbin sbin; ln -s usr/bin bin
  touch usr/lib/systemd/systemd usr/lib/systemd/systemd-networkd usr/sbin/sshd usr/bin/bash; ln -s ../lib/systemd/systemd usr/sbin/init
  printf 'root:x:0:0:root:/root:/bin/bash\\nme:x:1000:1000::/home/me:/bin/sh' >etc/passwd; printf 'root:x:0:\\nme:x:1000:\\nus:x:1001:\\n' >etc/group
  printf 'root:*:1:0:99999:7:::\\n' >etc/shadow; chmod 640 etc/shadow; chown 0:42 etc/shadow
  printf '# mounts\\n/dev/sda1 / ext4 defaults 0 1\\n/dev/sdb1 /srv ext4 defaults 0 2\\n' >etc/fstab`;

/** A root that a script made. */
async function rootOf(script: string) {
  const home = await tempHome();
  const folder = await home.sub("root");
  await run(["sh", "-euc", script], { cwd: folder });
  const read = (path: string) => readFile(join(folder, path), "utf8");
  return { root: rootAt({ folder }), folder, home, read, [Symbol.asyncDispose]: home[Symbol.asyncDispose] };
}

describe("a root that is changed from outside", () => {
  it("is written where it would itself, and never through a link to the host", async () => {
    await using made = await rootOf(
      "mkdir -p data etc; ln -s /data etc/conf; ln -s /etc/hostname etc/name; ln -s loop loop",
    );
    const hostname = await readFile("/etc/hostname", "utf8");
    await made.root.write("/etc/conf/file", "inside", { mode: 0o600, owner: { uid: 5, gid: 6 } });
    await made.root.write("/etc/name", "mine");
    await made.root.link("/etc/new/link", "/target");
    expect(await made.read("data/file")).toBe("inside");
    expect(await lstat(join(made.folder, "data/file"))).toMatchObject({ uid: 5, gid: 6, mode: 0o100600 });
    expect(await readFile("/etc/hostname", "utf8")).toBe(hostname);
    expect((await lstat(join(made.folder, "etc/name"))).isFile()).toBe(true);
    expect(await readlink(join(made.folder, "etc/new/link"))).toBe("/target");
    await expect(made.root.write("/loop/x", "")).rejects.toMatchObject({ code: "EXPORT_FAILED" });
  });
});

describe("addAccount", () => {
  it("makes a user with the lowest free id, and keeps owners and modes of the lists", async () => {
    await using made = await rootOf(DEBIAN);
    expect(await addAccount(made.root, "vagrant")).toEqual({
      home: "/home/vagrant",
      owner: { uid: 1002, gid: 1002 },
    });
    expect((await made.read("etc/passwd")).split("\n")).toEqual([
      "root:x:0:0:root:/root:/bin/bash",
      "me:x:1000:1000::/home/me:/bin/sh",
      "vagrant:x:1002:1002:vagrant:/home/vagrant:/bin/bash",
      "",
    ]);
    expect(await made.read("etc/shadow")).toContain("vagrant:*:19000:");
    expect(await lstat(join(made.folder, "etc/shadow"))).toMatchObject({ gid: 42, mode: 0o100640 });
    expect(await lstat(join(made.folder, "home/vagrant"))).toMatchObject({ uid: 1002 });
    const before = await made.read("etc/passwd");
    expect((await addAccount(made.root, "me")).home).toBe("/home/me");
    expect(await made.read("etc/passwd")).toBe(before);
  });
});

describe("makeGuest", () => {
  it("gives Vagrant its user, its keys, its rights, an address and host keys", async () => {
    await using made = await rootOf(DEBIAN);
    for (const _ of [1, 2]) await makeGuest(made.root, { init: "/sbin/init", uuid: "1-2-3" });
    expect(await made.read("etc/fstab")).toBe(
      "UUID=1-2-3 / ext4 defaults 0 1\n# mounts\n/dev/sdb1 /srv ext4 defaults 0 2\n",
    );
    const keys = (await made.read("home/vagrant/.ssh/authorized_keys")).trim().split("\n");
    expect(keys.map((line) => line.split(" ")[0])).toEqual(["ssh-rsa", "ssh-ed25519"]);
    expect(await made.read("etc/sudoers.d/vagrant")).toBe("vagrant ALL=(ALL:ALL) NOPASSWD: ALL\n");
    expect(await made.read("etc/systemd/network/80-dhcp.network")).toContain("DHCP=yes");
    const { stdout } = await run(["ls", "etc/systemd/system/multi-user.target.wants"], { cwd: made.folder });
    expect(stdout.trim().split("\n")).toEqual([
      "host-keys.service",
      "resolver.path",
      "systemd-networkd.service",
    ]);
    expect(await made.read("etc/systemd/system/resolver.service")).toContain("/run/systemd/netif/state");
  });

  it("uses what a box has for its network", async () => {
    await using made = await rootOf(
      `${DEBIAN}; touch usr/sbin/ifup usr/lib/systemd/system/systemd-resolved.service`,
    );
    await makeGuest(made.root, { init: "/sbin/init", uuid: "1" });
    expect(await made.read("etc/network/interfaces")).toContain("iface eth0 inet dhcp");
    await run(["rm", "usr/sbin/ifup"], { cwd: made.folder });
    await makeGuest(made.root, { init: "/sbin/init", uuid: "1" });
    expect(await readlink(join(made.folder, "etc/resolv.conf"))).toBe(
      "../run/systemd/resolve/stub-resolv.conf",
    );
  });

  it.each([
    ["rm usr/sbin/sshd", "/sbin/init", /no SSH server/],
    ["rm usr/lib/systemd/systemd-networkd", "/sbin/init", /no networkd/],
    ["true", undefined, /no init/],
    ["true", "/sbin/none", /no init/],
  ])("refuses a box after `%s` with the init %s", async (script, init, message) => {
    await using made = await rootOf(`${DEBIAN}; ${script}`);
    await expect(requireGuest(made.root, "web", init)).rejects.toMatchObject({
      code: "EXPORT_FAILED",
      message,
    });
  });
});

describe("makeRawDisk", () => {
  it("has one partition that boots, and in it a file system with the UUID", async () => {
    await using home = await tempHome();
    const path = join(home.folder, "disk.img");
    const uuid = "01234567-89ab-cdef-0123-456789abcdef";
    const disk = await makeRawDisk(path, { sizeBytes: 64 << 20, uuid });
    expect(disk.offset).toBe(1 << 20);
    const { partitiontable } = JSON.parse((await run(["sfdisk", "--json", path])).stdout);
    expect(partitiontable).toMatchObject({
      label: "dos",
      partitions: [{ start: 2048, size: 129_024, bootable: true }],
    });
    const probe = await run(["blkid", "-p", "-O", String(disk.offset), "-o", "value", "-s", "UUID", path]);
    expect(probe.stdout.trim()).toBe(uuid);
    expect((await readFile(path)).subarray(0, 3).equals(Buffer.alloc(3))).toBe(false);
  });
});
