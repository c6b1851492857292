import type { RunSpec } from "../../provider.ts";
import type { HostFacts } from "../host/index.ts";
import { grantedCapabilities } from "./capabilities.ts";
import { containerMounts } from "./mounts.ts";
import { resources } from "./resources.ts";
import { seccompFilter } from "./seccomp.ts";
import type { OciConfig } from "./types.ts";
import type { Volume } from "./volumes.ts";

/** Everything that decides a container's configuration besides the host. Paths are absolute. */
export interface ContainerView {
  readonly spec: Pick<RunSpec, "hostname" | "boxInit" | "cpus" | "memoryMiB" | "pids" | "seed">;
  /** Where the overlay root is mounted. */
  readonly root: string;
  /** Where the data disk is mounted. */
  readonly data: string;
  /** Where the tools image is mounted. */
  readonly tools: string;
  /** The machine's cgroup, from the top of each hierarchy. */
  readonly cgroup: string;
  readonly volumes: readonly Volume[];
}

const NAMESPACES = ["pid", "ipc", "uts", "mount", "network", "cgroup"];

/** Kernel files that tell of other machines or of the host's devices. */
const MASKED_PATHS = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];

/** Kernel files that act on the whole host when written. */
const READONLY_PATHS = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** What programs made for containers expect of their network; boxes/tools/machine/program has the same for a VM. */
const PROGRAM_SYSCTLS = {
  "net.ipv4.ip_unprivileged_port_start": "0",
  "net.ipv4.ping_group_range": "0 2147483647",
};

/** What systemd and login sessions expect; a host may allow less. */
const OPEN_FILES = { soft: 1024, hard: 524_288 };

/** The OCI configuration of one machine on one host. Pure: the same input gives the same document. */
export function containerConfig(view: ContainerView, host: HostFacts): OciConfig {
  const capabilities = grantedCapabilities(host.boundingSet);
  const hard = Math.min(OPEN_FILES.hard, host.openFilesHard);
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: true, // gives the box a /dev/console that goes to the console log
      user: { uid: 0, gid: 0 },
      args: ["/.bothy/init"],
      env: [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "container=oci",
        "TERM=dumb",
      ],
      cwd: "/",
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      rlimits: [{ type: "RLIMIT_NOFILE", soft: Math.min(OPEN_FILES.soft, hard), hard }],
      noNewPrivileges: false, // sudo has to work
    },
    root: { path: view.root, readonly: false },
    hostname: view.spec.hostname,
    mounts: containerMounts(view, host.cgroups),
    linux: {
      cgroupsPath: view.cgroup,
      namespaces: NAMESPACES.map((type) => ({ type })),
      resources: resources(view.spec, host.swapAccounting),
      ...(view.spec.boxInit === undefined ? { sysctl: PROGRAM_SYSCTLS } : {}),
      seccomp: seccompFilter(host.architecture, capabilities),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
    },
  };
}
