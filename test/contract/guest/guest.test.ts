import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../../src/system/index.ts";
import { residueOf } from "../../support/residue.ts";
import { CONTAINER_NETWORK, startContainer } from "./container.ts";
import {
  capture,
  dataDisk,
  MACHINE_ID,
  machineSeed,
  type Parts,
  type Running,
  takesLogins,
  type Workshop,
  workshop,
} from "./machine.ts";
import { startVm, VM_NETWORK } from "./vm.ts";

type Level = Running["level"];
const LEVELS = {
  vm: { network: VM_NETWORK, start: startVm },
  container: { network: CONTAINER_NETWORK, start: startContainer },
} as const;

let shop: Workshop;
beforeAll(async () => {
  shop = await workshop();
});
afterAll(async () => {
  expect(await residueOf(shop.home.layout)).toEqual([]);
  await shop[Symbol.asyncDispose]();
});

async function parts(level: Level, disk: string, more?: Record<string, string | undefined>): Promise<Parts> {
  return { layers: [shop.minimal], disk, seed: await machineSeed(shop, level, LEVELS[level].network, more) };
}

/** A fresh disk that goes with the test. */
async function disk(name: string) {
  const path = join(shop.home.folder, `${name}.img`);
  await dataDisk(path);
  return { path, [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

/** Runs a shell script in the machine as root; its output. */
async function sh(machine: Running, script: string): Promise<string> {
  const { code, stdout, stderr } = await machine.exec([], ["/bin/sh", "-c", script]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.toString();
}

describe.each(["container", "vm"] as const)("a box without an init as a %s", (level) => {
  let data: Awaited<ReturnType<typeof disk>>;
  let machine: Running;
  beforeAll(async () => {
    data = await disk(level);
    machine = await LEVELS[level].start(shop, await parts(level, data.path));
    await takesLogins(machine);
  });
  afterAll(async () => {
    await machine?.[Symbol.asyncDispose]();
    await data?.[Symbol.asyncDispose]();
  });

  test("has the identity of its seed", async () => {
    const files = "/etc/hostname /etc/machine-id /etc/resolv.conf /etc/hosts";
    expect(await sh(machine, `hostname; cat ${files}; stat -c %F /etc/resolv.conf`)).toBe(
      `web\nweb\n${MACHINE_ID}\nnameserver ${LEVELS[level].network.resolver}\n` +
        "127.0.0.1 localhost\n10.9.8.7 db\nregular file\n",
    );
  });

  test("has its interface, address and route, and a loopback", async () => {
    const { mac, address, gateway } = LEVELS[level].network;
    const links = await sh(machine, "ip address; ip route");
    expect(links).toMatch(new RegExp(`lan0(@\\w+)?: <[^>]*\\bUP\\b[^]*${mac}[^]*inet ${address} brd`));
    expect(links).toContain(`default via ${gateway} dev lan0`);
    expect(links).toMatch(/lo: <LOOPBACK,UP/);
  });

  test("lets its user and root in by key, over ssh and sftp, and nobody by password", async () => {
    const own = await capture([...machine.ssh("mia"), "id -un; pwd; id -Gn"]);
    expect(own.stdout.toString()).toBe("mia\n/home/mia\nmia staff\n");
    expect((await capture([...machine.ssh("root"), "id -u"])).stdout.toString()).toBe("0\n");
    const batch = Buffer.from("put /etc/hostname /home/mia/sent\n");
    expect((await capture([...machine.ssh("mia", "sftp")], batch)).code).toBe(0);
    expect(await sh(machine, "stat -c %U /home/mia/sent")).toBe("mia\n");
    const [client = "", ...rest] = machine.ssh("mia");
    const log = await capture([client, "-v", ...rest.filter((word) => word !== "-q" && word !== shop.key)]);
    expect(log.stderr).not.toMatch(/continue: .*password/);
  });

  test("has the host key of its seed", async () => {
    const [address = "", port] = level === "vm" ? portOf(machine.ssh("root")) : [hostOf(machine.ssh("root"))];
    const { stdout } = await run(["ssh-keyscan", "-t", "ed25519", ...(port ? ["-p", port] : []), address]);
    const known = (await run(["cat", `${shop.hostKey}.pub`])).stdout.split(" ")[1];
    expect(stdout).toContain(known);
  });

  test("fills a volume with what the image has, and keeps it off the overlay", async () => {
    const state = "stat -c '%U %a' /opt/vol; cat /opt/vol/file; stat -c %F /var/lib/empty";
    expect(await sh(machine, state)).toBe("daemon 750\nfrom the image\ndirectory\n");
    expect(await sh(machine, "grep -c ' /opt/vol ext4 ' /proc/mounts")).toBe("1\n");
  });

  test("runs commands as root, as users and as bare ids", async () => {
    const as = async (...options: string[]) =>
      (
        await machine.exec(options, ["sh", "-c", 'echo "$(id -u):$(id -g):$(id -G) $HOME $USER"'])
      ).stdout.toString();
    expect(await as()).toBe("0:0:0 /root root\n");
    expect(await as("-u", "mia")).toBe("1000:1000:1000 50 /home/mia mia\n");
    expect(await as("-u", "1")).toBe("1:1:1 50 / daemon\n");
    expect(await as("-u", "1:50")).toBe("1:50:50 / 1\n");
    expect(await as("-u", "mia:daemon")).toBe("1000:1:1 /home/mia 1000\n");
    expect(await as("-u", "4711")).toBe("4711:0:0 / 4711\n");
  });

  test("gives commands the machine's environment, theirs above it, and a folder", async () => {
    const options = ["-e", "A=x y", "-e", "bothy_user=z", "-w", "/srv/old"];
    const { stdout } = await machine.exec(options, [
      "sh",
      "-c",
      'echo "$GREETING|$A|$bothy_user|$PATH|$PWD"',
    ]);
    expect(stdout.toString()).toBe("hello world|x y|z|/opt/bin:/usr/bin:/bin:/usr/sbin:/sbin|/srv/old\n");
  });

  test.each([
    [["-u", "nobody-here"], ["true"], 125, "bothy: no user 'nobody-here' in the machine"],
    [["-u", "mia:nobodies"], ["true"], 125, "bothy: no group 'nobodies' in the machine"],
    [["-w", "/no/where"], ["true"], 125, "bothy: no directory '/no/where' in the machine"],
    [["-e", "1=2"], ["true"], 125, "bothy: '1=2' is not KEY=VALUE"],
    [[], ["no-such-program"], 127, "No such file"],
    [[], ["/etc/passwd"], 126, "Permission denied"],
    [[], ["sh", "-c", "exit 42"], 42, ""],
  ])("tells how a command failed: %j %j", async (options, argv, code, message) => {
    const outcome = await machine.exec(options, argv);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toContain(message);
  });

  test("carries bytes in and out unchanged", async () => {
    const bytes = randomBytes(300_000);
    expect((await machine.exec([], ["cat"], bytes)).stdout.equals(bytes)).toBe(true);
  });

  test("writes nothing that is right already", async () => {
    const files = "/etc/hosts /etc/hostname /etc/machine-id /etc/passwd /root/.ssh/authorized_keys";
    const stamps = `stat -c '%n %i %Y' ${files}`;
    const before = await sh(machine, stamps);
    await sh(machine, "echo 'ssh-rsa AAAA mine' >>/home/mia/.ssh/authorized_keys; touch /opt/vol/kept");
    expect(await machine.stop()).not.toContain("bothy:");
    await machine[Symbol.asyncDispose]();
    machine = await LEVELS[level].start(shop, await parts(level, data.path));
    expect(await sh(machine, stamps)).toBe(before);
    expect(await sh(machine, "ls /opt/vol; cut -d' ' -f3- /home/mia/.ssh/authorized_keys")).toMatch(
      /^file\nkept\nmine\n.* \(bothy\)\n$/,
    );
  });

  test("leaves a clean disk when it turns itself off", async () => {
    await machine.exec([], ["poweroff"]);
    expect(await machine.ended).not.toContain("bothy:");
    await machine[Symbol.asyncDispose]();
    const { stdout } = await run(["e2fsck", "-fn", data.path], { env: { LC_ALL: "C" } });
    expect(stdout).not.toContain("recover");
  });
});

test("a machine keeps its disk when it changes level and back", async () => {
  await using data = await disk("both");
  const look = "ls /etc/gone 2>&1; ls /srv/old; cat /root/level; cat /opt/vol/file";
  {
    await using container = await startContainer(shop, await parts("container", data.path));
    const change =
      "rm /etc/gone; rm -r /srv/old; mkdir /srv/old; echo new >/srv/old/new; echo c >/opt/vol/file";
    await sh(container, `${change}; echo container >/root/level`);
    await container.stop();
  }
  {
    await using vm = await startVm(shop, await parts("vm", data.path));
    const seen = await vm.exec([], ["sh", "-c", `${look}; rm -r /srv; mkdir /srv; echo vm >/root/level`]);
    expect(seen.stdout.toString()).toBe("ls: /etc/gone: No such file or directory\nnew\ncontainer\nc\n");
    await vm.stop();
  }
  await using container = await startContainer(shop, await parts("container", data.path));
  expect((await container.exec([], ["sh", "-c", "ls -A /srv; cat /root/level"])).stdout.toString()).toBe(
    "vm\n",
  );
});

test("the command channel outlives what the machine does to its users and keys", async () => {
  await using data = await disk("channel");
  await using vm = await startVm(shop, await parts("vm", data.path));
  await sh(
    vm,
    "rm -rf /root/.ssh /etc/shells; echo >/etc/passwd; chmod 0 /home; /.bothy/bin/busybox ip link set lo down",
  );
  expect((await vm.exec([], ["/bin/busybox", "echo", "here"])).stdout.toString()).toBe("here\n");
  expect(
    (await vm.exec([], ["/bin/sh", "-c", "cat /proc/sys/kernel/threads-max"])).stdout.toString(),
  ).toMatch(/^2\d\d\n$/);
});

describe("refuses", () => {
  test("a seed of another format, at both levels", async () => {
    await using data = await disk("format");
    await using container = await startContainer(shop, await parts("container", data.path, { format: "3" }));
    expect(await container.ended).toContain("bothy: the seed has format '3'");
    await container[Symbol.asyncDispose]();
    await using vm = await startVm(shop, await parts("vm", data.path, { format: "3" }));
    expect(await vm.ended).toMatch(/^bothy: the seed has format '3'/m);
  });

  test("a data disk whose upper is a link", async () => {
    await using data = await disk("link");
    const folder = await shop.home.sub("mounted");
    await run(["mount", "-o", "loop", data.path, folder]);
    await run(["ln", "-s", "volumes", join(folder, "upper")]);
    await run(["umount", folder]);
    await using vm = await startVm(shop, await parts("vm", data.path));
    expect(await vm.ended).toMatch(/^bothy: 'upper' on the data disk is a link/m);
  });

  test("a box whose init is not there", async () => {
    await using data = await disk("init");
    await using container = await startContainer(
      shop,
      await parts("container", data.path, { init: "/sbin/no" }),
    );
    expect(await container.ended).toContain("bothy: the box's init '/sbin/no' is not there");
  });
});

test("the acceleration probe is answered before anything else", async () => {
  await using data = await disk("probe");
  await using vm = await startVm(shop, await parts("vm", data.path), "bothy.probe");
  expect(await vm.ended).toMatch(/^bothy: probe ok\r?$/m);
});

function hostOf(argv: readonly string[]): string {
  return (argv.at(-1) ?? "").split("@")[1] ?? "";
}

function portOf(argv: readonly string[]): string[] {
  return [hostOf(argv), argv[argv.indexOf("-p") + 1] ?? ""];
}
