import { chmod, copyFile, mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { exportBox } from "../../../src/boxes/export/index.ts";
import { addFile } from "../../../src/boxes/file/index.ts";
import { findBox, resolveLayers } from "../../../src/boxes/index.ts";
import { layerSteps, MERGED, mounted } from "../../../src/boxes/mounted/index.ts";
import { run, start, waitFor } from "../../../src/system/index.ts";
import { linkImages } from "../../support/images.ts";
import { scriptedBox } from "../../support/scripted-box.ts";
import { tempHome } from "../../support/temp-home.ts";

/** As much of a Debian as an export looks at. */
const TINY = `
  mkdir -p dev etc home proc run sys tmp usr/bin usr/lib/systemd/system usr/sbin var
  for name in bin lib sbin; do ln -s usr/$name $name; done; cp /bin/true usr/lib/systemd/systemd; cp /bin/true usr/sbin/sshd
  ln -s ../lib/systemd/systemd usr/sbin/init; touch usr/lib/systemd/systemd-networkd; cp /bin/sh usr/bin/sh
  echo 'ID=tiny' >etc/os-release; echo 'root:x:0:0::/root:/bin/sh' >etc/passwd; echo 'root:x:0:' >etc/group; echo mine >etc/mine
  ln etc/mine etc/hard; chown 3:4 var; cp /bin/true usr/bin/true; setcap cap_net_raw=ep usr/bin/true`;

it("writes a .box that Vagrant takes and that we read back", async () => {
  await using home = await tempHome();
  const { layout } = home;
  await linkImages(layout.home);
  const box = await scriptedBox(layout, "tiny", [TINY], { init: "/sbin/init" });
  const output = join(home.folder, "tiny.box");
  await exportBox(layout, box, { format: "vagrant", output });

  const vagrant = ["box", "add", "--name", "tiny", "--provider", "libvirt", output];
  const env = { VAGRANT_HOME: await home.sub("vagrant"), VAGRANT_CHECKPOINT_DISABLE: "1" };
  await run(["vagrant", ...vagrant], { env });
  const image = join(env.VAGRANT_HOME, "boxes/tiny/0/libvirt/box.img");
  const info = JSON.parse((await run(["qemu-img", "info", "--output=json", image])).stdout);
  expect(info).toMatchObject({ format: "qcow2", "virtual-size": 10 * 1024 ** 3 });

  const back = await addFile(layout, output, { name: "back", cwd: home.folder });
  expect(back.init).toBe("/sbin/init");
  await using mounts = await mounted(layout, layerSteps(await resolveLayers(layout, back)));
  const cwd = join(mounts.folder, MERGED);
  const script =
    "cat etc/hard; stat -c '%u:%g %h' var etc/mine; getcap usr/bin/true; grep -c vagrant etc/passwd";
  expect((await run(["sh", "-c", script], { cwd })).stdout).toMatch(
    /^mine\n3:4 \d+\n0:0 2\nusr\/bin\/true cap_net_raw=ep\n1\n$/,
  );
});

it("writes a .box whose disk boots by itself, with Vagrant's user, key and an address by DHCP", async () => {
  await using home = await tempHome();
  await linkImages(home.layout.home);
  const box = await findBox(home.layout, "debian/12");
  if (!box) throw new Error("the box is missing: `bothy box build debian/12` makes it");
  const output = join(home.folder, "debian.box");
  await exportBox(home.layout, box, { format: "vagrant", output });
  await run(["tar", "-xf", output, "-C", home.folder]);
  const key = join(home.folder, "key");
  await mkdir(join(home.folder, "ssh"));
  await copyFile(
    (
      await run(["sh", "-c", "ls /usr/share/rubygems-integration/all/gems/vagrant-*/keys/vagrant"])
    ).stdout.trim(),
    key,
  );
  await chmod(key, 0o600);
  const port = await freePort();
  const qemu = start(
    [
      ...["qemu-system-x86_64", "-m", "512", "-accel", "tcg", "-display", "none", "-monitor", "none"],
      ...["-serial", `file:${join(home.folder, "console")}`],
      ...["-drive", `file=${join(home.folder, "box.img")},if=virtio`],
      ...["-nic", `user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ],
    { stdio: "ignore" },
  );
  try {
    const options = [
      "StrictHostKeyChecking=no",
      "UserKnownHostsFile=/dev/null",
      "ConnectTimeout=20",
      "LogLevel=ERROR",
    ];
    const ssh = [
      "ssh",
      "-p",
      String(port),
      "-i",
      key,
      ...options.flatMap((option) => ["-o", option]),
      "vagrant@127.0.0.1",
    ];
    const script = "sudo id -un; stat -c %F /etc/ssh/ssh_host_rsa_key; findmnt -no FSTYPE /";
    const attempt = async () => {
      const { exitCode, stdout } = await run([...ssh, script], { okCodes: [0, 1, 255] });
      return exitCode === 0 ? stdout : undefined;
    };
    const evidence = async () => (await run(["tail", "-n", "20", join(home.folder, "console")])).stdout;
    const answer = await waitFor(
      { title: "the disk to boot", attempt, evidence },
      { timeoutMs: 240_000, intervalMs: 1000 },
    );
    expect(answer).toBe("root\nregular file\next4\n");
    const cat = ["for i in 1 2 3 4 5 6 7 8 9; do grep nameserver /etc/resolv.conf && break; sleep 1; done"];
    expect((await run([...ssh, ...cat])).stdout).toContain("nameserver 10.0.2.3");
  } finally {
    qemu.kill("SIGKILL");
  }
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
