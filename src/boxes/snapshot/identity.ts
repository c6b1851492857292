import { readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isWhiteout, keepingTime, namesIn, removeIn, statIn, type Tree } from "./tree.ts";

/** What the seed writes at each start, or a system makes once for the machine that it runs on (docs/guest.md). */
const OWN_FILES = [
  "etc/hostname",
  "etc/hosts",
  "etc/machine-id",
  "etc/resolv.conf",
  "etc/sudoers.d/bothy",
  "etc/udev/rules.d/70-persistent-net.rules",
  "var/lib/NetworkManager/secret_key",
  "var/lib/systemd/credential.secret",
  "var/lib/systemd/random-seed",
  "var/lib/urandom/random-seed",
];

/** The same, where there may be several. */
const OWN_NAMES: Readonly<Record<string, RegExp>> = {
  "etc/ssh": /^ssh_host_.*key(\.pub)?$/,
  "var/lib/dhcp": /\.leases?$|^duid$/,
  "var/lib/dhcpcd": /\.lease6?$|^duid$|^secret$/,
  "var/lib/NetworkManager": /\.lease$/,
};

/** Folders whose content is of one run, or can be fetched again; the folders stay. */
const EMPTIED = ["dev", "proc", "run", "sys", "tmp", "var/cache/apt", "var/tmp"];

const LOGS = "var/log";
const HISTORIES = [".ash_history", ".bash_history", ".sh_history", ".zsh_history"];
const OUR_LINE = / \(bothy\)$/;
/** What our supervisor puts into boxes that lack them. */
const OUR_LINKS = ["poweroff", "reboot", "halt"].map((name) => `usr/local/sbin/${name}`);

/**
 * Takes out of a machine's own writes what belongs to that machine alone: names, keys, leases, logs, caches, shell
 * histories. Where the box has such a file, it shows again. Accounts stay, the login user too: files belong to them.
 * `below` is what the box has, merged. Marks of deleted files stay.
 */
export async function forgetIdentity(upper: Tree, below: Tree): Promise<void> {
  for (const path of OWN_FILES) await removeIn(upper, path);
  for (const [folder, pattern] of Object.entries(OWN_NAMES)) {
    const names = (await namesIn(upper, folder)).filter((name) => pattern.test(name));
    for (const name of names) await removeIn(upper, `${folder}/${name}`);
  }
  await removeIfFile(upper, "var/lib/dbus/machine-id"); // usually a link to /etc/machine-id
  await removeIn(upper, ".bothy");
  for (const folder of EMPTIED) await empty(upper, folder);
  await emptyLogs(upper, LOGS);
  for (const home of await homesIn(upper, below)) await forgetHome(upper, below, home);
  for (const link of OUR_LINKS) await removeOurLink(upper, link);
}

async function empty(upper: Tree, folder: string): Promise<void> {
  for (const name of await namesIn(upper, folder)) {
    const path = `${folder}/${name}`;
    const stats = await statIn(upper, path);
    if (stats && !isWhiteout(stats)) await removeIn(upper, path);
  }
}

/** Programs look for the folders of their logs, with the owners that these have. */
async function emptyLogs(upper: Tree, folder: string): Promise<void> {
  for (const name of await namesIn(upper, folder)) {
    const path = `${folder}/${name}`;
    const stats = await statIn(upper, path);
    if (stats?.isDirectory() && folder !== `${LOGS}/journal`) await emptyLogs(upper, path);
    else if (stats?.isDirectory() || stats?.isFile()) await removeIn(upper, path);
  }
}

/** Where people's own files are: root's, what is in /home, and what the accounts say. Relative. */
async function homesIn(upper: Tree, below: Tree): Promise<string[]> {
  const accounts = (await textIn(upper, "etc/passwd")) ?? (await textIn(below, "etc/passwd")) ?? "";
  const told = accounts.split("\n").map((line) => line.split(":")[5] ?? "");
  const homes = told.filter((path) => /^\/[^/]/.test(path) && !path.split("/").includes(".."));
  const found = (await namesIn(upper, "home")).map((name) => `home/${name}`);
  return [...new Set(["root", ...found, ...homes.map((path) => path.replace(/^\/|\/+$/g, ""))])];
}

async function forgetHome(upper: Tree, below: Tree, home: string): Promise<void> {
  for (const name of HISTORIES) await removeIfFile(upper, `${home}/${name}`);
  const keys = `${home}/.ssh/authorized_keys`;
  const text = await textIn(upper, keys);
  if (text === undefined) return;
  const lines = text.split("\n");
  const kept = lines.filter((line) => !OUR_LINE.test(line));
  if (kept.length === lines.length) return;
  if (kept.join("").trim() === "" && !(await statIn(below, keys))) {
    await removeIn(upper, keys);
    const isOurs =
      (await namesIn(upper, `${home}/.ssh`)).length === 0 && !(await statIn(below, `${home}/.ssh`));
    if (isOurs) await removeIn(upper, `${home}/.ssh`);
    return;
  }
  await keepingTime(join(upper.folder, keys), () => writeFile(join(upper.folder, keys), kept.join("\n")));
}

async function textIn(tree: Tree, path: string): Promise<string | undefined> {
  if (!(await statIn(tree, path))?.isFile()) return undefined;
  return readFile(join(tree.folder, path), "utf8");
}

async function removeIfFile(upper: Tree, path: string): Promise<void> {
  if ((await statIn(upper, path))?.isFile()) await removeIn(upper, path);
}

async function removeOurLink(upper: Tree, path: string): Promise<void> {
  if (!(await statIn(upper, path))?.isSymbolicLink()) return;
  if ((await readlink(join(upper.folder, path))).startsWith("/.bothy/")) await removeIn(upper, path);
}
