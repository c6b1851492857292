import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../../src/system/index.ts";
import { type Lab, lab, succeeded } from "../support/lab.ts";

interface Packaged {
  readonly name: string;
  readonly kind: string;
  readonly output: string | null;
}

const WEB = "machines:\n  web: { box: debian/12-slim, volumes: [/srv/data] }\n";
const withCopy = (isolation: string) =>
  `${WEB}  copy: { box: shop/web, isolation: ${isolation}, volumes: [/srv/data] }\n`;

const WRITE = `
  echo new >/etc/made; rm /etc/issue; rm -r /usr/share/doc/apt; mkdir /usr/share/doc/apt; echo mine >/usr/share/doc/apt/mine
  echo volume >/srv/data/file; chown 33 /srv/data; echo line >/var/log/mine.log; echo secret >/root/.bash_history
  cp /bin/true /opt/; chmod 4755 /opt/true; echo 'ssh-rsa AAAA mine' >>/root/.ssh/authorized_keys`;

const LOOK = `
  cat /etc/made /usr/share/doc/apt/* /srv/data/file; ls /etc/issue /var/log/mine.log /root/.bash_history 2>/dev/null || :
  stat -c '%a %u %n' /opt/true /srv/data; cat /root/.ssh/authorized_keys | cut -d' ' -f1,3,4; hostname`;

const SEEN = `new
mine
volume
4755 0 /opt/true
755 33 /srv/data
ssh-rsa mine
ssh-ed25519 bothy:ID (bothy)
`;

async function seen(shop: Lab, machine: string): Promise<string> {
  return (await shop.inside(machine, LOOK)).replace(/bothy:[0-9a-f]+/g, "bothy:ID");
}

it("makes a box of a container that runs and writes, and another machine of that", async () => {
  await using shop = await lab(WEB);
  await shop.json("up");
  await shop.inside("web", WRITE);
  const began = await shop.inside("web", "cut -d' ' -f22 /proc/1/stat");
  // each round writes `a` before `b`: at no moment is `b` ahead
  const loop =
    "i=0; while [ ! -e /stop ]; do i=$((i+1)); echo $i >/a.new; mv /a.new /a; echo $i >/b.new; mv /b.new /b; done";
  const writing = shop.bothy("exec", "web", "--", "sh", "-c", loop);
  await shop.inside("web", "until [ -e /b ]; do sleep 0.1; done");
  const packaged = await shop.json<Packaged>("package", "web");
  expect(packaged).toMatchObject({ name: "shop/web", kind: "machine", output: null });
  await shop.inside("web", "touch /stop");
  succeeded(await writing);
  expect(await shop.inside("web", "cut -d' ' -f22 /proc/1/stat")).toBe(began);

  await shop.write(withCopy("container"));
  await shop.json("up", "copy");
  expect(await seen(shop, "copy")).toBe(`${SEEN}copy\n`);
  const [a = 0, b = 0] = (await shop.inside("copy", "cat /a /b")).trim().split("\n").map(Number);
  expect([0, 1]).toContain(a - b);
  const ids = await Promise.all(["web", "copy"].map((name) => shop.inside(name, "cat /etc/machine-id")));
  expect(ids[0]).not.toBe(ids[1]);

  const again = await shop.bothy("package", "web", "--json");
  expect([again.exitCode, JSON.parse(again.stdout).error.code]).toEqual([2, "FILE_EXISTS"]);
  const output = join(shop.folder, "web.tar");
  const flags = ["-o", "web.tar", "--format", "rootfs"];
  expect((await shop.json<Packaged>("package", "web", "--force", ...flags)).output).toBe(output);
  const members = ["etc/made", "srv/data/file", "usr/share/doc/apt/mine"];
  expect((await run(["tar", "-xOf", output, ...members])).stdout).toBe("new\nvolume\nmine\n");
  const { stdout } = await run(["tar", "-tf", output]);
  expect(stdout.split("\n").filter((name) => /^etc\/issue$|\.wh\.|log\/mine|ssh_host/.test(name))).toEqual(
    [],
  );
});

it("lets the machine go on and leaves nothing when it is killed or interrupted, whenever that is", async () => {
  await using shop = await lab(WEB);
  await shop.json("up");
  await shop.inside("web", "head -c 30000000 /dev/urandom >/opt/noise; sync");
  const moments = [
    [300, "SIGKILL"],
    [500, "SIGKILL"],
    [800, "SIGKILL"],
    [500, "SIGINT"],
  ] as const;
  for (const [afterMs, signal] of moments) {
    const mark = randomBytes(4).toString("hex");
    await shop.bothyWith(["package", "web", "--force"], { signals: [[afterMs, signal]] });
    expect(await shop.inside("web", `echo ${mark} >/mark; sync; cat /mark`)).toBe(`${mark}\n`);
  }
  succeeded(await shop.bothy("package", "web", "--force"));
  succeeded(await shop.bothy("gc"));
  expect(await readdir(shop.layout.temporary())).toEqual([]);
});

it("makes a box of a VM that runs; a container of it has the same", async () => {
  await using shop = await lab(WEB.replace("{ box", "{ isolation: vm, box"));
  await shop.json("up");
  await shop.inside("web", WRITE);
  await shop.json("package", "web");
  expect(await shop.inside("web", "echo on >>/etc/made; cat /etc/made")).toBe("new\non\n");
  await shop.write(withCopy("container"));
  await shop.json("up", "copy");
  expect(await seen(shop, "copy")).toBe(`${SEEN}copy\n`);
});
