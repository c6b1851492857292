import { BothyError } from "../../../errors.ts";
import { environment } from "../../../system/index.ts";
import type { KernelFiles, RunContext } from "../../provider.ts";
import type { Acceleration } from "../domain/index.ts";
import type { probeKvm } from "./kvm-probe.ts";

/** What a probe found. */
export interface AccelerationFact {
  readonly answer: Acceleration;
  /** For a person: what was seen. */
  readonly detail: string;
}

/** The doors of the question; tests bring their own. */
export interface AccelerationDoors {
  /** An answer of this boot and this very QEMU. */
  recall(): Promise<AccelerationFact | undefined>;
  remember(fact: AccelerationFact): Promise<void>;
  canOpenKvm(): Promise<boolean>;
  probe(...args: Parameters<typeof probeKvm>): ReturnType<typeof probeKvm>;
}

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
  const known = await doors.recall();
  if (known) return known.answer;
  context.report?.("probing whether KVM runs a guest here");
  const { works, detail } = await doors.probe(emulator, kernel, { signal: context.signal });
  // An aborted probe says nothing about KVM.
  if (context.signal?.aborted) throw new BothyError("INTERRUPTED", "interrupted while probing KVM");
  const fact: AccelerationFact = { answer: works ? "kvm" : "tcg", detail };
  if (!works)
    context.report?.(`KVM does not work here (${detail}): VMs are emulated and several times slower`);
  await doors.remember(fact);
  return fact.answer;
}

/** `$BOTHY_ACCEL`. @throws BothyError `USAGE` for anything but `kvm` and `tcg`. */
export function forcedAcceleration(): Acceleration | undefined {
  const value = environment("BOTHY_ACCEL");
  if (value === undefined || value === "kvm" || value === "tcg") return value;
  throw new BothyError("USAGE", `BOTHY_ACCEL is \`${value}\``, { hints: ["set it to `kvm` or to `tcg`"] });
}
