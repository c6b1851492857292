import { type Change, removal, removals } from "./change.ts";
import type { Tree } from "./inside.ts";

const SSHD = `# The machine's one host key comes from bothy, which pins it.
HostKey /etc/ssh/ssh_host_ed25519_key
UseDNS no
`;
/** The key pair that Vagrant publishes; whoever reaches the machine could log in with it. */
const PUBLISHED = /^ssh-\S+ \S+ vagrant insecure public key\b/;

/** Takes out whose machine it was: ids, host keys, and the key that everybody has. */
export async function loginChanges(tree: Tree, user: string | undefined): Promise<Change[]> {
  return [
    ...(await machineIds(tree)),
    ...(await removals(tree, "/etc/ssh", /^ssh_host_\w+_key(?:\.pub)?$/)),
    ...(await sshd(tree)),
    ...(await removal(tree, "/var/lib/systemd/random-seed")),
    ...(await removal(tree, "/var/lib/systemd/credential.secret")),
    ...(await removals(tree, "/var/lib/dhcp", /\.leases?$/)),
    ...(await removals(tree, "/var/lib/NetworkManager", /\.lease$|^secret_key$/)),
    ...(user === undefined ? [] : await publishedKey(tree, user)),
  ];
}

async function machineIds(tree: Tree): Promise<Change[]> {
  const ids: Change[] = (await tree.statHere("/etc/machine-id"))
    ? [{ path: "/etc/machine-id", text: "" }]
    : [];
  const dbus = (await tree.statHere("/var/lib/dbus/machine-id"))?.isFile();
  return dbus ? [...ids, { path: "/var/lib/dbus/machine-id", link: "/etc/machine-id" }] : ids;
}

/** Where a box's sshd names its keys itself, this adds ours; elsewhere it keeps the others from being made. */
async function sshd(tree: Tree): Promise<Change[]> {
  if (!(await tree.statHere("/etc/ssh/sshd_config.d"))?.isDirectory()) return [];
  return [{ path: "/etc/ssh/sshd_config.d/00-bothy.conf", text: SSHD, mode: 0o644 }];
}

async function publishedKey(tree: Tree, user: string): Promise<Change[]> {
  const passwd = (await tree.read("/etc/passwd")) ?? "";
  const home = passwd
    .split("\n")
    .find((line) => line.startsWith(`${user}:`))
    ?.split(":")[5];
  if (!home?.startsWith("/")) return [];
  const path = `${home.replace(/\/+$/, "")}/.ssh/authorized_keys`;
  const before = (await tree.statHere(path))?.isFile() ? await tree.read(path) : undefined;
  const kept = before?.split("\n").filter((line) => !PUBLISHED.test(line));
  if (kept === undefined || kept.join("\n") === before) return [];
  return [{ path, text: kept.join("\n"), mode: 0o600, like: path }];
}
