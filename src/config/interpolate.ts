import { type Document, visit } from "yaml";
import { unsetWarning } from "./dotenv.ts";
import { pathOf } from "./nodes.ts";
import type { Complaint } from "./problems.ts";
import { type Lookup, substitute } from "./substitute.ts";

/** What replacing the variables of a document brought to light. */
export interface Interpolated {
  readonly complaints: readonly Complaint[];
  readonly warnings: readonly Complaint[];
  /** The values that held variables: they become numbers where numbers are wanted. */
  readonly replaced: ReadonlySet<unknown>;
}

/** Replaces the variables in all text values, never in keys; each once, however many aliases it has. */
export function interpolate(document: Document, lookup: Lookup): Interpolated {
  const complaints: Complaint[] = [];
  const warnings = new Map<string, Complaint>();
  const replaced = new Set<unknown>();
  visit(document, {
    Scalar: (position, node, chain) => {
      if (position === "key" || typeof node.value !== "string" || !node.value.includes("$")) return;
      const path = pathOf([...chain, node]);
      const result = substitute(node.value, lookup);
      node.value = result.text;
      replaced.add(node);
      complaints.push(...result.problems.map((message) => ({ path, message })));
      for (const name of result.unset) {
        if (!warnings.has(name)) warnings.set(name, { path, message: unsetWarning(name) });
      }
    },
  });
  return { complaints, warnings: [...warnings.values()], replaced };
}
