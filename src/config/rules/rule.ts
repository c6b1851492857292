import type { Draft, DraftProject } from "../normalise.ts";
import type { Complaint } from "../problems.ts";

/** Looks at the whole project for one thing that the schema cannot see. */
export type Rule = (project: DraftProject) => Iterable<Complaint>;

/** A rule that looks at each machine alone. */
export function eachMachine(check: (machine: Draft) => Iterable<Complaint>): Rule {
  return function* rule({ machines }) {
    for (const machine of machines) yield* check(machine);
  };
}
