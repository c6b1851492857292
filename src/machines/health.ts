import { shellQuote } from "../system/index.ts";
import { programOf } from "./program.ts";
import type { MachineRecord } from "./record.ts";

/** Docker's, for what an image does not say. */
const DEFAULTS = { intervalMs: 30_000, timeoutMs: 30_000, startPeriodMs: 0, retries: 3 } as const;

/**
 * The seed's fact of a machine's health check: interval, timeout and start period in seconds, retries, and the command,
 * as a shell's words. None where the image has none, has said `NONE`, or starts an init of its own.
 */
export function healthFact(record: Pick<MachineRecord, "box" | "run">): string | undefined {
  const check = record.box.healthcheck;
  const command = check && commandOf(check.test);
  if (!check || !command || !programOf(record)) return undefined;
  // 0 stands for the default, as Docker writes it
  const intervalS = (check.intervalMs || DEFAULTS.intervalMs) / 1000;
  const limitS = Math.ceil((check.timeoutMs || DEFAULTS.timeoutMs) / 1000);
  const graceS = Math.ceil((check.startPeriodMs ?? DEFAULTS.startPeriodMs) / 1000);
  const retries = check.retries || DEFAULTS.retries;
  return `${intervalS} ${limitS} ${graceS} ${retries} ${shellQuote(["exec", ...command]).slice("exec ".length)}`;
}

function commandOf([kind, ...words]: readonly string[]): string[] | undefined {
  if (kind === "CMD" && words.length > 0) return words;
  if (kind === "CMD-SHELL" && words[0]) return ["/bin/sh", "-c", words[0]];
  return undefined;
}
