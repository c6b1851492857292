import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../src/system/index.ts";

/** The real Vagrant, with a home, a storage pool and a network of its own. Disposing removes all of it. */
export interface Vagrant extends AsyncDisposable {
  /** Runs `vagrant` in the project's folder; returns what it printed. */
  vagrant(...argv: string[]): Promise<string>;
}

const URI = "qemu:///system";

/** Boots without a boot loader, under whatever accelerates here. */
function vagrantfile(name: string, boot: { kernel: string; initrd: string }, pool: string): string {
  return `Vagrant.configure("2") do |config|
  config.vm.box = "${name}"
  config.vm.synced_folder ".", "/vagrant", disabled: true
  config.ssh.insert_key = false
  config.vm.provider :libvirt do |libvirt|
    libvirt.driver = "qemu"
    libvirt.default_prefix = "${pool}_"
    libvirt.cpu_mode = "custom"
    libvirt.cpu_model = "qemu64"
    libvirt.memory = 384
    libvirt.kernel = "${boot.kernel}"
    libvirt.initrd = "${boot.initrd}"
    libvirt.cmd_line = "console=ttyS0 net.ifnames=0 quiet"
    libvirt.storage_pool_name = "${pool}"
    libvirt.management_network_name = "${pool}"
    libvirt.management_network_address = "192.168.${100 + ((randomBytes(1)[0] ?? 0) % 100)}.0/24"
  end
end
`;
}

/** A project of that box in a folder below QEMU's reach; libvirt's daemon is running. */
export async function vagrantProject(
  folder: string,
  name: string,
  boot: { kernel: string; initrd: string },
): Promise<Vagrant> {
  const pool = `bothy-t-${randomBytes(3).toString("hex")}`;
  const [home, project, images] = ["home", "project", "images"].map((each) => join(folder, each));
  for (const each of [home, project, images]) await mkdir(each ?? "", { recursive: true });
  await writeFile(join(project ?? "", "Vagrantfile"), vagrantfile(name, boot, pool));
  await virsh("pool-define-as", pool, "dir", "--target", images ?? "");
  await virsh("pool-start", pool);
  const env = {
    ...{ HOME: home ?? "", VAGRANT_HOME: join(home ?? "", ".vagrant.d"), VAGRANT_NO_COLOR: "1" },
    ...{ VAGRANT_CHECKPOINT_DISABLE: "1", VAGRANT_BOX_UPDATE_CHECK_DISABLE: "1" },
    // no appliance of libguestfs to clean the disk with: it takes minutes under emulation, and Vagrant goes on without
    LIBGUESTFS_BACKEND: "none",
  };
  const vagrant = async (...argv: string[]) =>
    (await run(["vagrant", ...argv, "--no-tty"], { env, cwd: project })).stdout;
  return {
    vagrant,
    [Symbol.asyncDispose]: async () => {
      await vagrant("destroy", "--force");
      await virsh("pool-destroy", pool);
      await virsh("pool-undefine", pool);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function virsh(...argv: string[]): Promise<void> {
  await run(["virsh", "--connect", URI, "--quiet", ...argv]);
}
