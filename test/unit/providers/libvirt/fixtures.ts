import type { VmSpec } from "../../../../src/providers/libvirt/domain/index.ts";

/** A whole machine; override what a test is about. */
export function runSpec(changes: Partial<VmSpec> = {}): VmSpec {
  return {
    id: "0a1b2c3d4e5f",
    name: "db",
    project: { id: "11223344", name: "shop" },
    storeTag: "abcdef",
    hostname: "db",
    layers: layers(1),
    tools: { digest: "7".repeat(64), path: "/store/tools.erofs" },
    kernel: {
      vmlinuz: "/store/kernel/vmlinuz",
      initramfs: "/store/kernel/initramfs",
      modules: "/store/kernel/modules.erofs",
      version: "6.1.0-56-cloud-amd64",
    },
    dataDisk: "/store/machines/0a1b2c3d4e5f/disk.img",
    seed: "/store/machines/0a1b2c3d4e5f/seed",
    cpus: 2,
    memoryMiB: 1024,
    nics: [
      {
        network: "lan",
        bridge: "bo0a1b",
        hostLink: "bo0a1b-1",
        mac: "52:54:00:11:22:33",
        address: "10.83.0.2/24",
        gateway: "10.83.0.1",
      },
    ],
    consoleLog: "/store/machines/0a1b2c3d4e5f/console.log",
    runFolder: "/run/bothy/machines/0a1b2c3d4e5f",
    management: {
      address: "10.83.0.2",
      port: 722,
      privateKey: "/store/machines/0a1b2c3d4e5f/keys/id_ed25519",
      hostKey: "ssh-ed25519 AAAA",
    },
    ...changes,
  };
}

/** That many layers, bottom first. */
export function layers(count: number): VmSpec["layers"] {
  return Array.from({ length: count }, (_, index) => ({
    digest: index.toString(16).padStart(64, "0"),
    path: `/store/layers/${index}.erofs`,
  }));
}
