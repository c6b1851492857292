import { BOUNDS, DEFAULTS } from "../defaults.ts";
import type { Draft } from "../normalise.ts";
import type { Complaint } from "../problems.ts";
import { formatMiB, parseMiB } from "../sizes.ts";
import { eachMachine } from "./rule.ts";

/** Memory is a size, and enough to boot. */
export const memoryInBounds = eachMachine((machine) => sizeInBounds(machine, "memory", BOUNDS.memoryMiB));

/** The disk is a size, and one that a file system can have. */
export const diskInBounds = eachMachine((machine) => sizeInBounds(machine, "disk", BOUNDS.diskMiB));

function* sizeInBounds(
  machine: Draft,
  key: "memory" | "disk",
  bounds: { least: number; most?: number },
): Iterable<Complaint> {
  const text = machine.settings[key];
  if (text === undefined) return;
  const path = machine.at(key);
  const mebibytes = parseMiB(text);
  if (mebibytes === undefined) {
    yield {
      path,
      message: `${JSON.stringify(text)} is no size; write a number with a unit, such as "${DEFAULTS[key]}"`,
    };
  } else if (mebibytes < bounds.least) {
    yield { path, message: `"${text}" is too little; the least that works is ${formatMiB(bounds.least)}` };
  } else if (bounds.most !== undefined && mebibytes > bounds.most) {
    yield { path, message: `"${text}" is too much; the most that works is ${formatMiB(bounds.most)}` };
  }
}
