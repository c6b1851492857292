import { messageOf } from "../../errors.ts";
import { packageOf, run } from "../../system/index.ts";
import type { Finding } from "../provider.ts";
import {
  type DaemonTarget,
  DRIVER_PACKAGE,
  daemonPaths,
  daemonUri,
  hasSystemd,
  installedDaemon,
  isDefaultDaemon,
  launchDaemon,
  tryConnect,
} from "./daemon/index.ts";
import { recallAcceleration } from "./facts.ts";
import {
  findObstacle,
  fixKvmMode,
  forcedAcceleration,
  KVM_DEVICE,
  kvmModeProblem,
  listQemuOfStore,
  type QemuUser,
  readKvmMode,
} from "./host/index.ts";
import { findEmulator, findQemuUser, type Surroundings } from "./surroundings.ts";

/** A daemon that systemd has to start first probes QEMU for seconds; `doctor` does not wait for that. */
const ANSWER_MS = 700;

/** `Provider.check`: everything this level needs of the host. */
export async function checkHost(around: Surroundings): Promise<Finding[]> {
  const [emulator, daemon] = await Promise.all([findEmulator(), installedDaemon()]);
  const user = await findQemuUser(around);
  const tools = [programFinding("qemu-system-x86_64", "qemu", emulator), daemonProgramFinding(daemon)];
  return Promise.all([
    ...tools,
    checkDaemon(around, daemon?.name),
    checkKvmMode(user),
    checkAcceleration(around, emulator),
    checkStore(around, user),
  ]);
}

function programFinding(tool: string, id: string, path: string | undefined): Finding {
  if (path) return { id, title: `QEMU is installed`, status: "ok", detail: path };
  const packages = [packageOf(tool)];
  const hint = `apt-get install ${packages.join(" ")}`;
  return { id, title: "QEMU is installed", status: "missing", detail: `no \`${tool}\``, hint, packages };
}

function daemonProgramFinding(daemon: { path: string } | undefined): Finding {
  const about = { id: "libvirt", title: "libvirt is installed" };
  if (daemon) return { ...about, status: "ok", detail: daemon.path };
  const packages = [packageOf("libvirtd"), DRIVER_PACKAGE];
  const detail = "neither `virtqemud` nor `libvirtd`";
  return { ...about, status: "missing", detail, hint: `apt-get install ${packages.join(" ")}`, packages };
}

async function checkDaemon(around: DaemonTarget, daemon: string | undefined): Promise<Finding> {
  const about = { id: "libvirt-daemon", title: "the libvirt daemon answers" };
  try {
    const client = await tryConnect(around, AbortSignal.timeout(ANSWER_MS));
    await client?.close();
    if (client) return { ...about, status: "ok", detail: daemonUri(around) };
  } catch (error) {
    return {
      ...about,
      status: "warning",
      detail: messageOf(error),
      hint: `virsh -c ${daemonUri(around)} list`,
    };
  }
  return { ...about, ...(await silentDaemon(around, daemon)) };
}

/** What to say and do where nobody listens: without systemd `bothy up` starts the daemon, but VMs wait for nobody. */
async function silentDaemon(around: DaemonTarget, daemon: string | undefined) {
  const paths = around.paths ?? daemonPaths;
  const pids = await listQemuOfStore(around.layout);
  const detail = pids.length > 0 ? `VMs run (pid ${pids.join(", ")}) and nobody listens` : "nobody listens";
  if (!isDefaultDaemon(around))
    return { status: "missing", detail, hint: `virsh -c ${daemonUri(around)} list` } as const;
  const name = daemon ?? "libvirtd";
  if (await hasSystemd(paths)) {
    const argv = ["systemctl", "start", `${name}.service`];
    return {
      status: "missing",
      detail,
      hint: argv.join(" "),
      fix: async () => void (await run(argv)),
    } as const;
  }
  const hint = `virtlogd --daemon; ${name} --daemon`;
  const fix = () => launchDaemon({}, paths);
  if (pids.length > 0 || !daemon) return { status: "missing", detail, hint, fix } as const;
  return { status: "ok", detail: "it does not run; `bothy up` starts it", hint, fix } as const;
}

async function checkKvmMode(user: QemuUser | undefined): Promise<Finding> {
  const about = { id: "kvm-mode", title: `${KVM_DEVICE} can be used by libvirt` };
  const device = await readKvmMode();
  const problem = kvmModeProblem(device, user);
  if (!problem) return { ...about, status: "ok", detail: device ? undefined : "there is none" };
  const hint = `chgrp kvm ${KVM_DEVICE} && chmod 0660 ${KVM_DEVICE}`;
  return { ...about, status: "missing", detail: problem, hint, fix: () => fixKvmMode() };
}

async function checkAcceleration(around: Surroundings, emulator: string | undefined): Promise<Finding> {
  const about = { id: "acceleration", title: "VM acceleration" };
  if (!(await readKvmMode())) {
    return { ...about, status: "warning", detail: `no ${KVM_DEVICE}: VMs are emulated and slow` };
  }
  const fact = emulator ? await recallAcceleration(around, emulator) : undefined;
  const answer = forcedAcceleration() ?? fact?.answer;
  if (answer === "tcg") {
    return {
      ...about,
      status: "warning",
      detail: `VMs are emulated: ${fact?.detail ?? "BOTHY_ACCEL says so"}`,
    };
  }
  return { ...about, status: "ok", detail: fact?.detail ?? "the first start of a VM probes it" };
}

async function checkStore({ layout }: Surroundings, user: QemuUser | undefined): Promise<Finding> {
  const about = { id: "vm-store", title: "libvirt's QEMU reaches the store" };
  const reached = [layout.machine("any").disk, layout.layer("any"), layout.machine("any").run];
  const obstacle = user && (await findObstacle({ reached, readable: [] }, user));
  if (!obstacle) return { ...about, status: "ok" };
  const detail = `\`${user.name}\` cannot pass ${obstacle.path}`;
  return { ...about, status: "missing", detail, hint: obstacle.hint };
}
