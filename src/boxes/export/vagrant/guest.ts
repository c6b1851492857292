import { readFile } from "node:fs/promises";
import { BothyError } from "../../../errors.ts";
import { asset } from "../../../system/index.ts";
import { addAccount } from "./account.ts";
import type { Root } from "./root.ts";

/** What a root has to have for Vagrant to use it. */
export interface Guest {
  readonly init: string;
  /** Of the root file system. */
  readonly uuid: string;
}

/** The key pairs that Vagrant knows; it replaces them at the first start. The private halves are published with it. */
const INSECURE_KEYS = [
  "ssh-rsa AAAAB3NzaC1yc2EAAAABIwAAAQEA6NF8iallvQVp22WDkTkyrtvp9eWW6A8YVr+kz4TjGYe7gHzIw+niNltGEFHzD8+v1I2YJ6oXevct1YeS0o9HZyN1Q9qgCgzUFtdOKLv6IedplqoPkcmF0aYet2PkEDo3MlTBckFXPITAMzF8dJSIFo9D8HfdOV0IAdx4O7PtixWKn5y2hMNG0zQPyUecp4pzC6kivAIhyfHilFR61RGL+GPXQ2MWZWFYbAGjyiYJnAmCP3NOTd0jMZEnDkbUvxhMmBYSdETk1rRgm+R4LOzFUGaHqHDLKLX+FIPKcF96hrucXzcWyLbIbEgE98OHlnVYCzRdK8jlqm8tehUc9c9WhQ== vagrant insecure public key",
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN1YdxBpNlzxDqfJyw/QKow1F+wvG9hXGoqiysfJOn5Y vagrant insecure public key",
];

const USER = "vagrant";
const SSH_SERVER = "/usr/sbin/sshd";
const UNITS = "/etc/systemd/system";
const WANTED = `${UNITS}/multi-user.target.wants`;

/** @throws BothyError `EXPORT_FAILED` for a box that Vagrant could not log in to. */
export async function requireGuest(root: Root, name: string, init: string | undefined): Promise<string> {
  const refuse = (what: string) =>
    new BothyError("EXPORT_FAILED", `the box \`${name}\` cannot be a Vagrant box: it has no ${what}`, {
      hints: ["`--format oci`, `docker` and `rootfs` take every box"],
    });
  if (!init || !(await root.stat(init))) throw refuse("init of its own");
  if (!(await root.stat(SSH_SERVER))) throw refuse(`SSH server (${SSH_SERVER})`);
  if (!(await findNetwork(root)))
    throw refuse("networkd, ifupdown or NetworkManager that could ask for an address");
  return init;
}

/** Makes a root what Vagrant expects: its user with its keys and all rights, an address by DHCP, host keys of its own. */
export async function makeGuest(root: Root, { uuid }: Guest): Promise<void> {
  const { home, owner } = await addAccount(root, USER);
  await root.folder(`${home}/.ssh`, { mode: 0o700, owner });
  const keys = `${home}/.ssh/authorized_keys`;
  const present = ((await root.read(keys)) ?? "").split("\n").filter(Boolean);
  const lines = [...new Set([...present, ...INSECURE_KEYS])];
  await root.write(keys, `${lines.join("\n")}\n`, { mode: 0o600, owner });
  if (await root.stat("/etc/sudoers.d")) {
    await root.write(`/etc/sudoers.d/${USER}`, `${USER} ALL=(ALL:ALL) NOPASSWD: ALL\n`, { mode: 0o440 });
  }
  const mounts = ((await root.read("/etc/fstab")) ?? "")
    .split("\n")
    .filter((line) => !/^\S+\s+\/\s/.test(line));
  await root.write(
    "/etc/fstab",
    [`UUID=${uuid} / ext4 defaults 0 1`, ...mounts.filter(Boolean), ""].join("\n"),
  );
  await (await findNetwork(root))?.enable(root);
  if (await root.stat("/lib/systemd/systemd")) await addUnit(root, "host-keys.service");
}

interface Network {
  /** Whatever tells that it is there. */
  readonly program: string;
  enable(root: Root): Promise<void>;
}

const NETWORKS: readonly Network[] = [
  { program: "/usr/sbin/NetworkManager", enable: async () => {} },
  {
    program: "/sbin/ifup",
    enable: (root) =>
      root.write("/etc/network/interfaces", "auto lo eth0\niface lo inet loopback\niface eth0 inet dhcp\n"),
  },
  { program: "/lib/systemd/systemd-networkd", enable: enableNetworkd },
];

async function findNetwork(root: Root): Promise<Network | undefined> {
  for (const network of NETWORKS) if (await root.stat(network.program)) return network;
  return undefined;
}

async function enableNetworkd(root: Root): Promise<void> {
  await root.write("/etc/systemd/network/80-dhcp.network", await template("dhcp.network"));
  await root.link(`${WANTED}/systemd-networkd.service`, "/lib/systemd/system/systemd-networkd.service");
  const resolved = "/lib/systemd/system/systemd-resolved.service";
  if (await root.stat(resolved)) {
    await root.link(`${WANTED}/systemd-resolved.service`, resolved);
    await root.link("/etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
    return;
  }
  await root.write(`${UNITS}/resolver.service`, await template("resolver.service"));
  await addUnit(root, "resolver.path");
}

async function addUnit(root: Root, name: string): Promise<void> {
  await root.write(`${UNITS}/${name}`, await template(name));
  await root.link(`${WANTED}/${name}`, `${UNITS}/${name}`);
}

function template(name: string): Promise<string> {
  return readFile(asset("templates", "vagrant", name), "utf8");
}
