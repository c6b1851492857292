import { readFile, stat } from "node:fs/promises";
import { BothyError } from "../../../errors.ts";
import { environment } from "../../../system/index.ts";
import type { KernelFiles, RunContext } from "../../provider.ts";
import type { Acceleration } from "../domain/index.ts";
import { canOpenKvm } from "./kvm-device.ts";
import { probeKvm } from "./kvm-probe.ts";

/** What a probe found, and for which boot and which QEMU that holds. */
export interface AccelerationFact {
  readonly answer: Acceleration;
  readonly detail: string;
  readonly bootId: string;
  /** Changes with every other version of QEMU. */
  readonly emulator: string;
}

/** The doors of the acceleration question; tests bring their own. */
export interface AccelerationDoors {
  recall(): Promise<AccelerationFact | undefined>;
  remember(fact: AccelerationFact): Promise<void>;
  probe: typeof probeKvm;
  canOpenKvm(): Promise<boolean>;
  /** Boot id of the host and a name of that QEMU binary. */
  identify(emulator: string): Promise<Pick<AccelerationFact, "bootId" | "emulator">>;
}

/** The real probe and host. Where an answer is remembered is the caller's. */
export const hostDoors: Omit<AccelerationDoors, "recall" | "remember"> = {
  probe: probeKvm,
  canOpenKvm: () => canOpenKvm(),
  identify: identifyHost,
};

/**
 * How guests run on this host: `$BOTHY_ACCEL`, else no KVM without /dev/kvm, else what a probe said since
 * this boot with this QEMU, else a probe now. Says once when guests are emulated.
 */
export async function findAcceleration(
  emulator: string,
  kernel: KernelFiles,
  doors: AccelerationDoors,
  context: RunContext = {},
): Promise<Acceleration> {
  const forced = forcedAcceleration();
  if (forced) return forced;
  if (!(await doors.canOpenKvm())) return "tcg";
  const [known, identity] = await Promise.all([doors.recall(), doors.identify(emulator)]);
  if (known && isCurrent(known, identity)) return known.answer;
  context.report?.("probing whether KVM runs a guest here");
  const { works, detail } = await doors.probe(emulator, kernel, { signal: context.signal });
  context.signal?.throwIfAborted(); // an aborted probe says nothing about KVM
  if (!works)
    context.report?.(`KVM does not work here (${detail}): VMs are emulated, about ten times slower`);
  await doors.remember({ answer: works ? "kvm" : "tcg", detail, ...identity });
  return works ? "kvm" : "tcg";
}

/** The remembered answer if it still holds; no probe. */
export async function recallAcceleration(
  emulator: string,
  doors: Pick<AccelerationDoors, "recall" | "identify">,
): Promise<AccelerationFact | undefined> {
  const known = await doors.recall();
  if (!known) return undefined;
  return isCurrent(known, await doors.identify(emulator)) ? known : undefined;
}

/** `$BOTHY_ACCEL`. @throws BothyError `USAGE` for anything but `kvm` and `tcg`. */
export function forcedAcceleration(): Acceleration | undefined {
  const value = environment("BOTHY_ACCEL");
  if (value === undefined || value === "kvm" || value === "tcg") return value;
  throw new BothyError("USAGE", `BOTHY_ACCEL is \`${value}\``, { hints: ["set it to `kvm` or to `tcg`"] });
}

function isCurrent(known: AccelerationFact, now: Pick<AccelerationFact, "bootId" | "emulator">): boolean {
  return known.bootId === now.bootId && known.emulator === now.emulator;
}

/** Size and time of the binary instead of `--version`, which takes 40 ms of every start. */
async function identifyHost(emulator: string): Promise<Pick<AccelerationFact, "bootId" | "emulator">> {
  const [bootId, binary] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8"),
    stat(emulator),
  ]);
  return { bootId: bootId.trim(), emulator: `${emulator} ${binary.size} ${Math.round(binary.mtimeMs)}` };
}
