import * as z from "zod";
import { hostStamp, readHostFact, writeHostFact } from "../../system/index.ts";
import type { RunContext } from "../provider.ts";
import type { Acceleration, VmSpec } from "./domain/index.ts";
import { type AccelerationFact, canOpenKvm, findAcceleration, probeKvm } from "./host/index.ts";
import type { Surroundings } from "./surroundings.ts";

const KEY = "acceleration";
const schema: z.ZodType<AccelerationFact> = z.object({ answer: z.enum(["kvm", "tcg"]), detail: z.string() });

/** One probe at a time in this process: six machines that start at once ask once. */
let asking: Promise<unknown> = Promise.resolve();

/** How a machine runs: as it asks, else as this host can, which is remembered for this boot and this QEMU. */
export function acceleration(
  around: Surroundings,
  emulator: string,
  spec: VmSpec,
  context: RunContext,
): Promise<Acceleration> {
  if (spec.acceleration === "kvm" || spec.acceleration === "tcg") return Promise.resolve(spec.acceleration);
  const doors = {
    canOpenKvm,
    probe: probeKvm,
    recall: () => recallAcceleration(around, emulator),
    remember: async (fact: AccelerationFact) =>
      writeHostFact(around.layout, KEY, await hostStamp([emulator]), fact),
  };
  const answer = asking.then(() => findAcceleration(emulator, spec.kernel, doors, context));
  asking = answer.catch(() => {});
  return answer;
}

/** The remembered answer, or `undefined`; probes nothing. */
export async function recallAcceleration(
  { layout }: Surroundings,
  emulator: string,
): Promise<AccelerationFact | undefined> {
  return readHostFact(layout, KEY, await hostStamp([emulator]), schema);
}
