import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { start } from "../../../system/index.ts";
import type { KernelFiles } from "../../provider.ts";

/** What the initramfs prints when it is started with `bothy.probe`. */
const ANSWER = "bothy: probe ok";
/** A guest under KVM is there within one second; one on a KVM that cannot run it hangs for ever. */
const DEADLINE_MS = 4000;

/** How a probe ended. */
export interface ProbeResult {
  readonly works: boolean;
  /** For a person: what was seen. */
  readonly detail: string;
}

/**
 * Boots the kernel in a tiny guest under KVM and looks for its first words. The QEMU is ours and always
 * gone when this returns.
 */
export async function probeKvm(
  emulator: string,
  kernel: Pick<KernelFiles, "vmlinuz" | "initramfs">,
  options: { deadlineMs?: number; signal?: AbortSignal | undefined } = {},
): Promise<ProbeResult> {
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  const qemu = start([emulator, ...probeArguments(kernel)], { stdio: ["ignore", "pipe", "pipe"] });
  const limits = [AbortSignal.timeout(deadlineMs), ...(options.signal ? [options.signal] : [])];
  try {
    return await watch(qemu, AbortSignal.any(limits), deadlineMs);
  } finally {
    await end(qemu);
  }
}

function probeArguments(kernel: Pick<KernelFiles, "vmlinuz" | "initramfs">): string[] {
  return [
    ...["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio"],
    ...["-machine", "q35,usb=off", "-accel", "kvm", "-cpu", "host", "-smp", "1", "-m", "256"],
    ...["-kernel", kernel.vmlinuz, "-initrd", kernel.initramfs],
    ...["-append", "console=ttyS0 quiet panic=-1 bothy.probe"],
  ];
}

function watch(qemu: ChildProcess, limit: AbortSignal, deadlineMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    let seen = "";
    let errors = "";
    qemu.stdout?.setEncoding("utf8").on("data", (text: string) => {
      seen += text;
      if (seen.includes(ANSWER)) resolve({ works: true, detail: "a guest ran under KVM" });
    });
    qemu.stderr?.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    const fail = (detail: string) => resolve({ works: false, detail });
    qemu.once("error", (error) => fail(error.message));
    qemu.once("close", (code) => fail(errors.trim().split("\n")[0] || `QEMU ended with exit code ${code}`));
    const late = () => fail(`a guest did not come up within ${deadlineMs / 1000} s`);
    if (limit.aborted) late();
    limit.addEventListener("abort", late, { once: true });
  });
}

async function end(qemu: ChildProcess): Promise<void> {
  if (qemu.pid === undefined || qemu.exitCode !== null || qemu.signalCode !== null) return;
  const closed = once(qemu, "close");
  qemu.kill("SIGKILL"); // by pid; a guest that hangs in KVM does not listen to anything else
  await closed;
}
