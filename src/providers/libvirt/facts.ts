import { z } from "zod";
import { hostStamp, readHostFact, writeHostFact } from "../../system/index.ts";
import type { KernelFiles, RunContext } from "../provider.ts";
import type { Acceleration } from "./domain/index.ts";
import { type AccelerationFact, canOpenKvm, findAcceleration, probeKvm } from "./host/index.ts";
import type { Surroundings } from "./surroundings.ts";

const KEY = "acceleration";
const schema: z.ZodType<AccelerationFact> = z.object({ answer: z.enum(["kvm", "tcg"]), detail: z.string() });

/** One probe at a time in this process: six machines that start at once ask once. */
let asking: Promise<unknown> = Promise.resolve();

/** How guests run on this host, remembered in the store for this boot and this QEMU. */
export function acceleration(
  around: Surroundings,
  emulator: string,
  kernel: KernelFiles,
  context: RunContext,
): Promise<Acceleration> {
  const doors = {
    canOpenKvm,
    probe: probeKvm,
    recall: () => recallAcceleration(around, emulator),
    remember: async (fact: AccelerationFact) =>
      writeHostFact(around.layout, KEY, await hostStamp([emulator]), fact),
  };
  const answer = asking.then(() => findAcceleration(emulator, kernel, doors, context));
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
