import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connectOrLaunch } from "../../src/providers/libvirt/daemon/index.ts";
import { bootFiles, makeDebianDisk } from "../support/debian-disk.ts";
import { makeBoxFile, toQcow2 } from "../support/disks.ts";
import { type Lab, lab, succeeded } from "../support/lab.ts";
import { vagrantProject } from "../support/vagrant.ts";

const YAML = `
defaults: { box: team/packaged, memory: 512MiB }
machines:
  cell: { isolation: container }
  machine: { isolation: vm, vm: { kernel: box } }
`;

/** Makes a machine with the real Vagrant, changes it, and packages it; returns the box's file. */
async function packaged(shop: Lab): Promise<string> {
  const folder = join(shop.folder, "..", "vagrant");
  const at = (name: string) => join(folder, name);
  await mkdir(folder);
  const kernel = await makeDebianDisk(shop.layout, at("disk.raw"));
  await toQcow2(at("disk.raw"), at("box.img"));
  await rm(at("disk.raw"));
  await makeBoxFile(at("base.box.tar"), folder, { provider: "libvirt", format: "qcow2", virtual_size: 1 }, [
    "./box.img",
  ]);
  const boot = await bootFiles(kernel, folder);
  await using project = await vagrantProject(at("work"), "team/base", boot);
  await project.vagrant("box", "add", "--name", "team/base", at("base.box.tar"));
  await project.vagrant("up", "--provider", "libvirt");
  await project.vagrant("ssh", "-c", "echo by vagrant | sudo tee /etc/written; sync");
  await project.vagrant("package", "--output", at("packaged.box"));
  return at("packaged.box");
}

test("a box that `vagrant package` made comes up as a VM and as a container, with the same content", async () => {
  await using shop = await lab(YAML);
  await (await connectOrLaunch({ layout: shop.layout })).close();
  const file = await packaged(shop);
  succeeded(await shop.bothy("box", "add", file, "--name", "team/packaged"));
  await shop.json("up");
  for (const name of ["cell", "machine"]) {
    expect(await shop.inside(name, "cat /etc/made /etc/written; id -un vagrant")).toBe(
      "made for a disk\nby vagrant\nvagrant\n",
    );
    expect(await shop.inside(name, "systemctl list-units --failed --plain --no-legend")).toBe("");
  }
});
