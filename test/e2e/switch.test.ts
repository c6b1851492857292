import { describe, expect, it } from "vitest";
import { lab, succeeded } from "../support/lab.ts";

/** Makes one of each thing that a move between levels could lose. */
const MAKE = `set -e
mkdir -p /srv/t && cd /srv/t
echo plain > plain; chown 1234:5678 plain; chmod 4751 plain; touch -d '2001-02-03 04:05:06' plain
ln -s plain link; ln plain hard; mkfifo fifo; mknod dev c 1 3
setfattr -n user.note -v hello plain || python3 -c 'import os; os.setxattr("plain", "user.note", b"hello")'
cp /bin/true capable; setcap cap_net_raw+ep capable || python3 -c 'import os; os.setxattr("capable", "security.capability", bytes.fromhex("0100000200200000000000000000000000000000"))'
rm -rf /usr/share/bash-completion; mkdir /usr/share/bash-completion; echo new > /usr/share/bash-completion/new
rm -f /etc/issue.net; echo changed >> /etc/debian_version
sync`;

/** Everything of it that must not change, as text. */
const SHOW = `cd /srv/t
stat -c '%n %F %u:%g %a %h %Y' plain link hard fifo dev
readlink link
python3 -c 'import os; print(os.getxattr("plain", "user.note"), os.getxattr("capable", "security.capability").hex())'
ls /usr/share/bash-completion; test ! -e /etc/issue.net && echo gone; tail -1 /etc/debian_version
cat /etc/machine-id /etc/hostname; cat /etc/ssh/ssh_host_ed25519_key.pub
cat /data/in-volume`;

interface Up {
  machines: { action: string; ip: string; isolation: string; id: string }[];
}

describe("a machine that changes its level", () => {
  it("keeps its disk, address, host key and name, however often", async () => {
    await using shop = await lab("machines:\n  web: { box: debian/12, volumes: [/data] }\n");
    const first = (await shop.json<Up>("up")).machines[0];
    await shop.inside("web", MAKE);
    await shop.inside("web", "echo volume > /data/in-volume");
    const before = await shop.inside("web", SHOW);
    expect(before).toContain("b'hello'");
    const hostKernel = await shop.inside("web", "uname -r");

    const vm = (await shop.json<Up>("up", "--isolation", "vm")).machines[0];
    expect(vm).toMatchObject({ id: first?.id, ip: first?.ip, isolation: "vm", action: "switched" });
    expect(await shop.inside("web", SHOW)).toBe(before);
    expect(await shop.inside("web", "uname -r")).not.toBe(hostKernel);
    await shop.inside("web", "rm /srv/t/hard; echo vm > /srv/t/from-vm; rm /etc/legal 2>/dev/null; true");
    const changed = await shop.inside("web", `${SHOW}; ls /srv/t`);

    // remembered without the flag, also over a halt
    succeeded(await shop.bothy("halt"));
    const back = (await shop.json<Up>("up", "--isolation", "container")).machines[0];
    expect(back).toMatchObject({ id: first?.id, ip: first?.ip, isolation: "container" });
    expect(await shop.inside("web", `${SHOW}; ls /srv/t`)).toBe(changed);
    expect((await shop.json<Up>("up")).machines[0]).toMatchObject({
      isolation: "container",
      action: "unchanged",
    });
  });

  it("keeps installed packages", async () => {
    await using shop = await lab("machines:\n  web: { box: debian/12 }\n");
    succeeded(await shop.bothy("up"));
    await shop.inside(
      "web",
      "apt-get -q update && apt-get -q install -y --no-install-recommends hello && hello",
    );
    succeeded(await shop.bothy("up", "--isolation", "vm"));
    expect(await shop.inside("web", "hello; dpkg -V hello && echo verified")).toContain("verified");
  });
});
