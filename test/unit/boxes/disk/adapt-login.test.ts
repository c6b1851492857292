import { expect, test } from "vitest";
import { loginChanges } from "../../../../src/boxes/disk/adapt-login.ts";
import { treeAt } from "../../../../src/boxes/disk/inside.ts";
import { plant, SYSTEM } from "../../../support/disks.ts";
import { tempHome } from "../../../support/temp-home.ts";

const PUBLISHED = "ssh-rsa AAAA vagrant insecure public key\n";
const KEYS = "/home/vagrant/.ssh/authorized_keys";

test("only the login user loses the published key, and keeps every other", async () => {
  await using home = await tempHome();
  const mine = "ssh-ed25519 BBBB vagrant of mine\n";
  await plant(home.folder, {
    ...SYSTEM,
    [KEYS]: `${PUBLISHED}${mine}`,
    "home/other/.ssh/authorized_keys": PUBLISHED,
  });
  const tree = treeAt(home.folder);
  expect(await loginChanges(tree, "vagrant")).toEqual([{ path: KEYS, text: mine, mode: 0o600, like: KEYS }]);
  expect(await loginChanges(tree, "nobody")).toEqual([]);
  expect(await loginChanges(tree, undefined)).toEqual([]);
});

test("a machine's traces go: ids, leases, secrets", async () => {
  await using home = await tempHome();
  await plant(home.folder, {
    ...SYSTEM,
    "etc/machine-id": "abc\n",
    "var/lib/dbus/machine-id": "-> /etc/machine-id",
    "var/lib/systemd/random-seed": "x",
    "var/lib/dhcp/dhclient.eth0.leases": "x",
    "var/lib/dhcp/keep": "x",
  });
  expect(await loginChanges(treeAt(home.folder), undefined)).toEqual([
    { path: "/etc/machine-id", text: "" },
    { path: "/var/lib/systemd/random-seed", remove: true },
    { path: "/var/lib/dhcp/dhclient.eth0.leases", remove: true },
  ]);
});
