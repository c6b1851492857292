import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { exportBox } from "../../../src/boxes/export/index.ts";
import { addFile } from "../../../src/boxes/file/index.ts";
import { resolveLayers } from "../../../src/boxes/index.ts";
import { layerSteps, MERGED, mounted } from "../../../src/boxes/mounted/index.ts";
import { run } from "../../../src/system/index.ts";
import { linkImages } from "../../support/images.ts";
import { scriptedBox } from "../../support/scripted-box.ts";
import { tempHome } from "../../support/temp-home.ts";

/** As much of a Debian as an export looks at; its init says what it sees, and turns the machine off. */
const TINY = `
  mkdir -p dev etc home proc run sys tmp usr/bin usr/lib/systemd/system usr/sbin var
  for name in bin lib sbin; do ln -s usr/$name $name; done; cp /bin/true usr/sbin/sshd
  cp /bin/busybox usr/bin/busybox; ln -s busybox usr/bin/sh
  cat >usr/lib/systemd/systemd <<'INIT'
#!/bin/busybox sh
exec >/dev/ttyS0
read -r mine </etc/mine
while read -r _ place type _; do [ $place = / ] && echo "seen: $mine on $type"; done </proc/mounts
for folder in /lib/modules/*; do echo "modules: $folder"; done
[ -e /sys/class/net/eth0 ] && echo "link: eth0"
busybox poweroff -f
INIT
  chmod 755 usr/lib/systemd/systemd; ln -s ../lib/systemd/systemd usr/sbin/init; touch usr/lib/systemd/systemd-networkd; 
  echo 'ID=tiny' >etc/os-release; echo 'root:x:0:0::/root:/bin/sh' >etc/passwd; echo 'root:x:0:' >etc/group; echo mine >etc/mine
  ln etc/mine etc/hard; chown 3:4 var; cp /bin/true usr/bin/true; setcap cap_net_raw=ep usr/bin/true`;

it("writes a .box that boots by itself, that Vagrant takes and that we read back", async () => {
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

  expect(await bootOf(image, home.folder)).toEqual([
    "seen: mine on ext4",
    expect.stringMatching(/^modules: .*cloud-amd64$/),
    "link: eth0",
  ]);

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

/** What a disk's init says, until it turns the machine off. */
async function bootOf(image: string, folder: string): Promise<string[]> {
  const log = join(folder, "console");
  const qemu = [
    "qemu-system-x86_64",
    "-m",
    "256",
    "-accel",
    "tcg",
    "-display",
    "none",
    "-nodefaults",
    "-no-reboot",
  ];
  const devices = ["-drive", `file=${image},if=virtio,snapshot=on`, "-nic", "user,model=virtio-net-pci"];
  await run([...qemu, ...devices, "-serial", `file:${log}`], { timeoutMs: 120_000 });
  const lines = (await readFile(log, "utf8")).split(/\r?\n/);
  return lines.filter((line) => /^\w+: /.test(line) && !line.startsWith("bothy")).map((line) => line.trim());
}
