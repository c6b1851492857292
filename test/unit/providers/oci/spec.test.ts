import { describe, expect, test } from "vitest";
import type { CgroupLayout, HostFacts } from "../../../../src/providers/oci/host/index.ts";
import { type ContainerView, containerConfig } from "../../../../src/providers/oci/spec/index.ts";

const V1 = ["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd"];

const CGROUPS: Record<string, CgroupLayout> = {
  v1: {
    kind: "v1",
    hierarchies: V1.map((name) => `/sys/fs/cgroup/${name}`),
    named: "/sys/fs/cgroup/systemd",
  },
  hybrid: {
    kind: "hybrid",
    hierarchies: [...V1, "unified"].map((name) => `/sys/fs/cgroup/${name}`),
    named: "/sys/fs/cgroup/systemd",
    unified: "/sys/fs/cgroup/unified",
  },
  v2: { kind: "v2", hierarchies: ["/sys/fs/cgroup"], delegated: true },
};

const VIEW: ContainerView = {
  spec: {
    hostname: "web",
    cpus: 1.5,
    memoryMiB: 512,
    seed: "/var/lib/bothy/machines/m1/seed",
  },
  root: "/run/bothy/machines/m1/oci/root",
  data: "/run/bothy/machines/m1/oci/data",
  tools: "/run/bothy/layers/0f0f",
  cgroup: "/bothy/abc123/m1",
  volumes: [
    { name: "nested", path: "/var/lib/docker/volumes" },
    { name: "docker", path: "/var/lib/docker" },
  ],
};

function host(kind: string): HostFacts {
  const cgroups = CGROUPS[kind];
  if (!cgroups) throw new Error(kind);
  const common = { boundingSet: "000001fffeffffff", openFilesHard: 20_000, architecture: "x86_64" };
  return { ...common, cgroups, swapAccounting: kind !== "v1" };
}

describe.each(["v1", "hybrid", "v2"])("the whole configuration on %s", (kind) => {
  test("of a box with systemd", async () => {
    const view = { ...VIEW, spec: { ...VIEW.spec, boxInit: "/sbin/init", pids: 300 } };
    await expect(golden(view, kind)).toMatchFileSnapshot(`golden/systemd-${kind}.json`);
  });

  test("of a box that our init supervises", async () => {
    await expect(golden(VIEW, kind)).toMatchFileSnapshot(`golden/supervised-${kind}.json`);
  });
});

test("a machine's limits are those asked for, and unset pids follow from the memory", () => {
  const limits = (pids?: number) =>
    containerConfig({ ...VIEW, spec: { ...VIEW.spec, pids } }, host("v2")).linux.resources;
  expect(limits().cpu).toEqual({ quota: 150_000, period: 100_000 });
  expect(limits().memory).toEqual({ limit: 512 * 1024 * 1024, swap: 512 * 1024 * 1024 });
  expect(limits().pids).toEqual({ limit: 4096 });
  expect(limits(77).pids).toEqual({ limit: 77 });
});

test("no capability and no open file is asked for that the host does not have", () => {
  const facts = { ...host("v2"), boundingSet: "00000000a80425fa", openFilesHard: 500 };
  const { capabilities, rlimits } = containerConfig(VIEW, facts).process;
  expect(capabilities.bounding).not.toContain("CAP_CHOWN");
  expect(capabilities.bounding).not.toContain("CAP_NET_ADMIN");
  expect(capabilities.bounding).toContain("CAP_SETUID");
  expect(rlimits).toEqual([{ type: "RLIMIT_NOFILE", soft: 500, hard: 500 }]);
});

test("a machine never gets what would let it out", () => {
  const { process, linux } = containerConfig(VIEW, host("v2"));
  for (const name of ["CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"]) {
    expect(process.capabilities.bounding).not.toContain(name);
  }
  expect(linux.namespaces.map((namespace) => namespace.type).sort()).toEqual([
    "cgroup",
    "ipc",
    "mount",
    "network",
    "pid",
    "uts",
  ]);
});

test("the filter that goes with it", async () => {
  const { seccomp } = containerConfig(VIEW, host("v2")).linux;
  await expect(`${JSON.stringify(seccomp, null, 2)}\n`).toMatchFileSnapshot("golden/seccomp.json");
});

/** The whole document; its long filter is the same everywhere and has a golden file of its own. */
function golden(view: ContainerView, kind: string): string {
  const config = containerConfig(view, host(kind));
  const linux = { ...config.linux, seccomp: "seccomp.json" };
  return `${JSON.stringify({ ...config, linux }, null, 2)}\n`;
}
