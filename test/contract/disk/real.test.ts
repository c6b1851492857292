import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Box } from "../../../src/boxes/box.ts";
import { addFile } from "../../../src/boxes/file/index.ts";
import { findTools } from "../../../src/boxes/index.ts";
import { openKernel } from "../../../src/boxes/kernel.ts";
import { readText } from "../../../src/boxes/layer/index.ts";
import type { Connection } from "../../../src/providers/provider.ts";
import { type Layout, run } from "../../../src/system/index.ts";
import { answering, exec } from "../../support/conformance/harness.ts";
import { realHarness } from "../../support/conformance/real-harness.ts";
import { makeDebianDisk } from "../../support/debian-disk.ts";
import { makeBoxFile, toQcow2 } from "../../support/disks.ts";
import { linkImages } from "../../support/images.ts";
import type { Images } from "../../support/machine-spec.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

let home: TempHome;
let file: string;
let version: string;

beforeAll(async () => {
  home = await tempHome();
  await linkImages(home.layout.home);
  const folder = await home.sub("box");
  version = (await makeDebianDisk(home.layout, join(folder, "disk.raw"))).version;
  await toQcow2(join(folder, "disk.raw"), join(folder, "box.img"));
  await rm(join(folder, "disk.raw"));
  file = join(home.folder, "debian.box.tar");
  await makeBoxFile(file, folder, { provider: "libvirt", format: "qcow2", virtual_size: 1 }, ["./box.img"]);
});

afterAll(async () => {
  await home?.[Symbol.asyncDispose]();
});

const add = (): Promise<Box> => addFile(home.layout, file, { name: "team/debian", cwd: "/" });

/** The images of a machine that stands on the added box, with its own kernel; hard links, so that it is added once. */
async function imagesOf(layout: Layout): Promise<Images> {
  const box = await add();
  for (const folder of ["layers", "artefacts"]) {
    await run(["cp", "-al", "--no-clobber", join(home.layout.home, folder), layout.home]);
  }
  const layers = box.layers.map(({ digest }) => ({ digest, path: layout.layer(digest) }));
  const tools = await findTools(layout);
  if (!tools) throw new Error("no tools: `bothy box build debian/12`");
  const kernel = await openKernel(layout, box.kernel?.digest ?? "");
  return { layers, tools, kernel, boxInit: box.init, user: box.user ?? "" };
}

test("Vagrant itself takes the box for one, and unpacks the disk that we read", async () => {
  const folder = await home.sub("vagrant");
  const env = { HOME: folder, VAGRANT_HOME: join(folder, "home"), VAGRANT_NO_COLOR: "1" };
  await run(["vagrant", "box", "add", "--no-tty", "--name", "team/debian", "--provider", "libvirt", file], {
    env,
  });
  const { stdout } = await run(["vagrant", "box", "list"], { env });
  expect(stdout.trim()).toBe("team/debian (libvirt, 0)");
  const image = join(folder, "home/boxes/team-VAGRANTSLASH-debian/0/libvirt/box.img");
  await run(["cmp", image, join(home.folder, "box/box.img")]);
});

test("a Debian's disk becomes its tree, nearly unchanged, and its kernel", async () => {
  const { layout } = home;
  const box = await add();
  expect(box).toMatchObject({ init: "/sbin/init", user: "vagrant", kernel: { version } });
  expect(await readText(layout, box.layers, "/etc/made")).toBe("made for a disk\n");
  expect(await readText(layout, box.layers, "/home/vagrant/.ssh/authorized_keys")).toBe("");
  expect(await readText(layout, box.layers, "/etc/ssh/ssh_host_ed25519_key")).toBeUndefined();
});

/** What has to hold at both levels: the disk's content, our address, no failed unit, the box's user. */
const STATE = `
cat /etc/made /etc/fstab.box
until state=$(systemctl is-system-running --wait 2>/dev/null); [ "$state" ]; do sleep 1; done
echo "$state"
systemctl list-units --failed --plain --no-legend
ip -o -4 address show dev eth0 | wc -l
id -un vagrant
`;

describe.each([
  { isolation: "container", bootMs: 60_000 },
  { isolation: "vm", bootMs: 120_000 },
] as const)("a machine of the box, as $isolation", ({ isolation, bootMs }) => {
  test("comes up with its content, and nothing in it fails or takes the network away", async () => {
    await using harness = await realHarness(isolation, imagesOf);
    const spec = await harness.spec({ memoryMiB: 512 });
    await harness.open().start(spec);
    {
      await using connection: Connection = await answering(harness, spec, bootMs);
      const said = await sayIn(connection, STATE);
      expect(said).toBe("made for a disk\nLABEL=system / ext4 errors=remount-ro 0 1\nrunning\n1\nvagrant\n");
      if (isolation === "vm") expect(await sayIn(connection, "uname -r")).toBe(`${version}\n`);
    }
    await harness.open().stop(spec.id, { deadlineMs: 30_000 });
  });
});

async function sayIn(connection: Connection, script: string): Promise<string> {
  return (await exec(connection, { argv: ["sh", "-c", script] })).stdout.toString();
}
