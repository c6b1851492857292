import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { forgetIdentity } from "../../../../src/boxes/snapshot/identity.ts";
import { run } from "../../../../src/system/index.ts";
import { tempHome } from "../../../support/temp-home.ts";

/** What is left of what a script made, over what another made; folders end in a slash. */
async function leftOf(upper: string, below = "true") {
  await using home = await tempHome();
  const [over, under] = [await home.sub("upper"), await home.sub("below")];
  await run(["sh", "-euc", upper], { cwd: over });
  await run(["sh", "-euc", below], { cwd: under });
  await forgetIdentity({ folder: over }, { folder: under });
  const { stdout } = await run(
    ["find", ".", "-mindepth", "1", "(", "-type", "d", "-printf", "%P/\\n", "-o", "-printf", "%P\\n", ")"],
    { cwd: over },
  );
  const read = (path: string) => readFile(join(over, path), "utf8");
  const keys = await read("home/bothy/.ssh/authorized_keys").catch(() => undefined);
  return { names: stdout.trim().split("\n").sort(), keys };
}

const OURS = "ssh-ed25519 AAAA bothy:1234 (bothy)";

describe("forgetIdentity", () => {
  it("takes out what the seed wrote and what a system makes once", async () => {
    const { names } = await leftOf(`
      mkdir -p etc/ssh etc/sudoers.d var/lib/dbus var/lib/dhcp var/lib/systemd .bothy
      touch etc/hostname etc/hosts etc/machine-id etc/sudoers.d/bothy etc/sudoers.d/mine etc/ssh/sshd_config
      touch etc/ssh/ssh_host_rsa_key etc/ssh/ssh_host_ed25519_key.pub var/lib/dhcp/dhclient.leases
      touch var/lib/systemd/random-seed; ln -s /run/x etc/resolv.conf; ln -s /etc/machine-id var/lib/dbus/machine-id`);
    expect(names.filter((name) => !name.endsWith("/"))).toEqual([
      "etc/ssh/sshd_config",
      "etc/sudoers.d/mine",
      "var/lib/dbus/machine-id",
    ]);
    expect(names).not.toContain(".bothy/");
  });

  it("empties folders of one run and logs, but keeps folders of logs and marks of deleted files", async () => {
    const { names } = await leftOf(`
      mkdir -p tmp/a var/tmp run/x dev var/cache/apt/archives var/log/nginx var/log/journal/0123 opt/log
      touch tmp/a/b var/tmp/c run/x/y dev/z var/cache/apt/archives/a.deb opt/log/kept
      touch var/log/syslog var/log/nginx/access.log var/log/journal/0123/system.journal
      ln -s /dev/stdout var/log/nginx/error.log; mknod var/log/dpkg.log c 0 0; mknod tmp/gone c 0 0`);
    expect(names).toEqual(
      [
        "dev/",
        "opt/",
        "opt/log/",
        "opt/log/kept",
        "run/",
        "tmp/",
        "tmp/gone",
        "var/",
        "var/cache/",
        "var/cache/apt/",
        "var/log/",
        "var/log/dpkg.log",
        "var/log/journal/",
        "var/log/nginx/",
        "var/log/nginx/error.log",
        "var/tmp/",
      ].sort(),
    );
  });

  it("takes our keys out of every account and leaves people's own", async () => {
    const make = `
      mkdir -p root/.ssh home/bothy/.ssh srv/app/.ssh etc
      echo 'app:x:9:9::/srv/app:/bin/sh' >etc/passwd; echo '${OURS}' | tee root/.ssh/authorized_keys >srv/app/.ssh/authorized_keys
      printf 'ssh-rsa BBBB me\\n${OURS}\\n' >home/bothy/.ssh/authorized_keys
      touch root/.bash_history home/bothy/.zsh_history home/bothy/.profile`;
    const { names, keys } = await leftOf(make);
    expect(keys).toBe("ssh-rsa BBBB me\n");
    expect(names.filter((name) => !name.endsWith("/"))).toEqual([
      "etc/passwd",
      "home/bothy/.profile",
      "home/bothy/.ssh/authorized_keys",
    ]);
    expect(names).not.toContain("root/.ssh/");
  });

  it("keeps an empty list where removing it would let the box's keys in again", async () => {
    const below = "mkdir -p home/bothy/.ssh; echo 'ssh-rsa CCCC maker' >home/bothy/.ssh/authorized_keys";
    const { keys } = await leftOf(
      `mkdir -p home/bothy/.ssh; echo '${OURS}' >home/bothy/.ssh/authorized_keys`,
      below,
    );
    expect(keys).toBe("");
  });

  it("takes out the commands that our supervisor lends", async () => {
    const { names } = await leftOf(`
      mkdir -p usr/local/sbin; ln -s /.bothy/bin/busybox usr/local/sbin/poweroff; ln -s /bin/mine usr/local/sbin/halt`);
    expect(names).toEqual(["usr/", "usr/local/", "usr/local/sbin/", "usr/local/sbin/halt"]);
  });
});
