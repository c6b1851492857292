import { expect, test } from "vitest";
import { networkChanges } from "../../../../src/boxes/disk/adapt-network.ts";
import { treeAt } from "../../../../src/boxes/disk/inside.ts";
import { plant, SYSTEM } from "../../../support/disks.ts";
import { tempHome } from "../../../support/temp-home.ts";

test("where there is no network configuration, there is nothing to change", async () => {
  await using home = await tempHome();
  await plant(home.folder, SYSTEM);
  expect(await networkChanges(treeAt(home.folder))).toEqual([]);
});

test("an OpenRC system asks nobody for an address any more", async () => {
  await using home = await tempHome();
  await plant(home.folder, {
    ...SYSTEM,
    "etc/network/interfaces": "auto eth0\niface eth0 inet dhcp\n",
    "etc/runlevels/default/dhcpcd": "-> /etc/init.d/dhcpcd",
    "etc/runlevels/default/sshd": "-> /etc/init.d/sshd",
    "etc/runlevels/boot/cloud-init-local": "-> /etc/init.d/cloud-init-local",
    "etc/runlevels/boot/networking": "-> /etc/init.d/networking",
  });
  const changes = await networkChanges(treeAt(home.folder));
  expect(changes.filter((change) => "remove" in change).map(({ path }) => path)).toEqual([
    "/etc/runlevels/boot/cloud-init-local",
    "/etc/runlevels/default/dhcpcd",
  ]);
  expect(changes.find(({ path }) => path === "/etc/network/interfaces")).toMatchObject({
    text: expect.stringMatching(/^auto lo$/m),
  });
});

test("NetworkManager leaves interfaces, addresses and the resolver alone", async () => {
  await using home = await tempHome();
  await plant(home.folder, { ...SYSTEM, "etc/NetworkManager/conf.d/": "", "etc/systemd/network/": "" });
  const changes = await networkChanges(treeAt(home.folder));
  expect(changes.map(({ path }) => path)).toEqual([
    "/etc/systemd/network/00-bothy.network",
    "/etc/NetworkManager/conf.d/00-bothy.conf",
  ]);
  expect(changes[1]).toMatchObject({ text: expect.stringContaining("unmanaged-devices=type:ethernet") });
});
