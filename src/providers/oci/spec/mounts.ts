import { join } from "node:path";
import type { CgroupLayout } from "../host/index.ts";
import type { ContainerView } from "./container-config.ts";
import type { OciMount } from "./types.ts";

/** What is mounted in a container besides its root, in order. */
export function containerMounts(view: ContainerView, cgroups: CgroupLayout): OciMount[] {
  return [...kernelMounts(view), ...cgroupMounts(view, cgroups), ...ownMounts(view)];
}

function kernelMounts(view: ContainerView): OciMount[] {
  const quiet = ["nosuid", "noexec", "nodev"];
  const half = `size=${view.spec.memoryMiB * 512}k`;
  return [
    mount("/proc", "proc", "proc", quiet),
    mount("/dev", "tmpfs", "tmpfs", ["nosuid", "noexec", "strictatime", "mode=755", "size=65536k"]),
    mount("/dev/pts", "devpts", "devpts", [
      "nosuid",
      "noexec",
      "newinstance",
      "ptmxmode=0666",
      "mode=0620",
      "gid=5",
    ]),
    mount("/dev/shm", "tmpfs", "shm", ["nosuid", "nodev", "mode=1777", half]),
    mount("/dev/mqueue", "mqueue", "mqueue", quiet),
    // systemd takes a read-only /sys as "this is a container" and leaves devices alone
    mount("/sys", "sysfs", "sysfs", [...quiet, "ro"]),
  ];
}

/**
 * v2: the cgroup namespace shows the machine's own subtree, writable for systemd; the kernel (nsdelegate) keeps
 * the limits at its top out of reach. v1 and hybrid: there is no safe delegation of a controller, so all are
 * read-only, and writable are only the hierarchies that systemd uses to follow its services.
 */
function cgroupMounts(view: ContainerView, cgroups: CgroupLayout): OciMount[] {
  const options = ["nosuid", "noexec", "nodev"];
  const systemd = view.spec.boxInit !== undefined;
  const writable = systemd && cgroups.kind === "v2";
  const top = mount("/sys/fs/cgroup", "cgroup", "cgroup", [...options, "relatime", writable ? "rw" : "ro"]);
  if (!systemd) return [top];
  const own = { systemd: cgroups.named, unified: cgroups.unified };
  const bound = Object.entries(own).filter(([, source]) => source !== undefined);
  return [
    top,
    ...bound.map(([name, source]) =>
      mount(`/sys/fs/cgroup/${name}`, "bind", join(source ?? "", view.cgroup), ["bind", ...options, "rw"]),
    ),
  ];
}

function ownMounts(view: ContainerView): OciMount[] {
  const size = `size=${Math.round((view.spec.memoryMiB * 1024) / 5)}k`;
  const mounts = [mount("/run", "tmpfs", "tmpfs", ["nosuid", "nodev", "mode=755", size])];
  if (view.spec.boxInit !== undefined) {
    const lock = ["nosuid", "noexec", "nodev", "mode=1777", "size=5120k"];
    mounts.push(mount("/run/lock", "tmpfs", "tmpfs", lock));
  }
  mounts.push(mount("/run/bothy/seed", "bind", view.spec.seed, ["bind", "ro", "nosuid", "nodev", "noexec"]));
  mounts.push(mount("/.bothy", "bind", view.tools, ["bind", "ro", "nodev"]));
  const volumes = [...view.volumes].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const { name, path } of volumes) {
    mounts.push(mount(path, "bind", join(view.data, "volumes", name), ["bind", "rw", "private"]));
  }
  return mounts;
}

function mount(destination: string, type: string, source: string, options: string[]): OciMount {
  return { destination, type, source, options };
}
