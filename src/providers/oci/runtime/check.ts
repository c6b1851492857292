import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../../errors.ts";
import { packageOf, readIfExists, run, statIfExists } from "../../../system/index.ts";
import type { Finding } from "../../provider.ts";
import { type CgroupLayout, findProgram, type HostFacts, readHostFacts } from "../host/index.ts";
import type { RuntimeFinder } from "./finder.ts";

const TOOLS = ["conmon", "e2fsck", "mkfs.ext4", "mount", "unshare", "ip", "flock"];
const FILE_SYSTEMS = ["overlay", "erofs", "ext4"];

/** What this host lacks for containers. Changes nothing; remembers nothing. */
export async function checkHost(findRuntime: RuntimeFinder): Promise<Finding[]> {
  const facts = await readHostFacts().catch((error: unknown) => messageOf(error));
  const fixed = [checkRoot(), ...(await Promise.all(TOOLS.map(checkTool))), ...(await checkKernel())];
  if (typeof facts === "string") {
    return [...fixed, { id: "cgroups", title: "cgroups", status: "missing", detail: facts }];
  }
  return [...fixed, ...(await checkCgroups(facts.cgroups)), await checkRuntime(findRuntime, facts)];
}

function checkRoot(): Finding {
  const uid = process.geteuid?.();
  const title = "root";
  if (uid === 0) return { id: "root", title, status: "ok" };
  return { id: "root", title, status: "missing", detail: `uid ${uid}`, hint: "run bothy with sudo" };
}

async function checkTool(tool: string): Promise<Finding> {
  const [id, title] = [`tool-${tool}`, tool];
  const path = await findProgram(tool);
  if (path !== undefined) return { id, title, status: "ok", detail: path };
  const name = packageOf(tool);
  return { id, title, status: "missing", hint: `apt-get install ${name}`, packages: [name] };
}

async function checkKernel(): Promise<Finding[]> {
  const loaded = await readFile("/proc/filesystems", "utf8");
  const findings = await Promise.all(FILE_SYSTEMS.map((name) => checkFileSystem(name, loaded)));
  const loop = (await statIfExists("/dev/loop-control")) !== undefined;
  const hint = "modprobe loop";
  return [...findings, { id: "loop", title: "loop devices", ...(loop ? ok() : { ...missing(), hint }) }];
}

/** A file system that is no part of the kernel may be a module, which mount(8) loads. */
async function checkFileSystem(name: string, loaded: string): Promise<Finding> {
  const base = { id: `kernel-${name}`, title: `${name} file system` };
  if (new RegExp(`\\s${name}$`, "m").test(loaded)) return { ...base, ...ok() };
  const version = (await readIfExists("/proc/sys/kernel/osrelease"))?.trim() ?? "";
  const modules = await readIfExists(join("/lib/modules", version, "modules.dep"));
  if (modules?.includes(`/${name}.ko`)) return { ...base, ...ok(), detail: "as a module" };
  return { ...base, ...missing(), hint: `modprobe ${name}` };
}

async function checkCgroups(cgroups: CgroupLayout): Promise<Finding[]> {
  const base = { id: "cgroups", title: "cgroups" };
  const lacking = await lackingControllers(cgroups);
  if (lacking.length > 0) {
    return [{ ...base, status: "missing", detail: `${cgroups.kind}, without ${lacking.join(", ")}` }];
  }
  return [{ ...base, ...ok(), detail: cgroups.kind }, ...checkDelegation(cgroups)];
}

async function lackingControllers(cgroups: CgroupLayout): Promise<string[]> {
  const [top] = cgroups.hierarchies;
  const text = cgroups.kind === "v2" && top ? await readIfExists(join(top, "cgroup.controllers")) : undefined;
  const present = text?.trim().split(" ") ?? cgroups.hierarchies.flatMap((path) => path.split(/[/,]/));
  return ["cpu", "memory", "pids"].filter((name) => !present.includes(name));
}

function checkDelegation(cgroups: CgroupLayout): Finding[] {
  if (cgroups.kind === "v2" && !cgroups.delegated) {
    const command = ["mount", "-o", "remount,nsdelegate", "/sys/fs/cgroup"];
    const detail = "cgroup2 is mounted without nsdelegate: a container's root could raise its own limits";
    const fix = async () => void (await run(command));
    return [{ ...warning("cgroup-delegation", "cgroup delegation"), detail, hint: command.join(" "), fix }];
  }
  if (cgroups.kind !== "v2" && cgroups.named === undefined) {
    const detail = "there is no name=systemd hierarchy: boxes with systemd will not boot as containers";
    const hint =
      "mkdir /sys/fs/cgroup/systemd && mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd";
    return [{ ...warning("cgroup-systemd", "systemd's cgroups"), detail, hint }];
  }
  return [];
}

async function checkRuntime(findRuntime: RuntimeFinder, facts: HostFacts): Promise<Finding> {
  const base = { id: "oci-runtime", title: "OCI runtime" };
  if (process.geteuid?.() !== 0) return { ...base, status: "warning", detail: "only root can try one" };
  try {
    return { ...base, ...ok(), detail: (await findRuntime(facts, false)).path };
  } catch (error) {
    return {
      ...base,
      ...missing(),
      detail: messageOf(error),
      hint: "apt-get install runc",
      packages: ["runc"],
    };
  }
}

function ok(): { status: "ok" } {
  return { status: "ok" };
}

function missing(): { status: "missing" } {
  return { status: "missing" };
}

function warning(id: string, title: string): { id: string; title: string; status: "warning" } {
  return { id, title, status: "warning" };
}
