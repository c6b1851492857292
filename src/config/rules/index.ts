import type { DraftProject } from "../normalise.ts";
import type { Complaint } from "../problems.ts";
import { hostnames, legalMachineNames, legalProjectName, someMachine, uniqueNames } from "./names.ts";
import type { Rule } from "./rule.ts";
import { commandWords, knownStopSignal, runUser, runWorkdir } from "./run.ts";
import { diskInBounds, memoryInBounds } from "./sizes.ts";
import { oneSource } from "./source.ts";
import { environmentLines, legalUser } from "./texts.ts";
import { usableVolumes } from "./volumes.ts";

/** Everything that has to hold between keys, after defaults and templates. */
export const RULES: readonly Rule[] = [
  someMachine,
  legalProjectName,
  legalMachineNames,
  uniqueNames,
  hostnames,
  oneSource,
  legalUser,
  memoryInBounds,
  diskInBounds,
  usableVolumes,
  environmentLines,
  commandWords,
  runUser,
  runWorkdir,
  knownStopSignal,
];

/** What the rules find. */
export function applyRules(project: DraftProject): Complaint[] {
  return RULES.flatMap((rule) => [...rule(project)]);
}
