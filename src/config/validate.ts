import { describeIssue, type Issue } from "./issues.ts";
import type { Complaint, Path } from "./problems.ts";
import { projectSchema, type WrittenProject } from "./schema.ts";
import { isMapping, setAt, valueAt } from "./values.ts";

/** What the schema makes of a value. */
export interface Validated {
  /** Without what is wrong, so that the rules can look at the rest; absent when too little is left. */
  readonly written: WrittenProject | undefined;
  readonly complaints: readonly Complaint[];
}

/**
 * Checks a value (which it may change) against the schema. Where a number is wanted, text that `isReplaced`
 * (it held a variable) is read as a number. Top-level keys `x-...` are the user's, as in Compose.
 */
export function validate(value: unknown, isReplaced: (path: Path) => boolean): Validated {
  dropExtensions(value);
  const first = projectSchema.safeParse(value);
  if (first.success) return { written: first.data, complaints: [] };
  for (const issue of first.error.issues) readNumber(issue, value, isReplaced);
  const second = projectSchema.safeParse(value);
  if (second.success) return { written: second.data, complaints: [] };
  const complaints = second.error.issues.flatMap((issue) => describeIssue(issue, value));
  for (const { path } of complaints) remove(value, path);
  return { written: projectSchema.safeParse(value).data, complaints };
}

function dropExtensions(value: unknown): void {
  if (!isMapping(value)) return;
  for (const key of Object.keys(value)) {
    if (key.startsWith("x-")) delete value[key];
  }
}

function readNumber(issue: Issue, value: unknown, isReplaced: (path: Path) => boolean): void {
  if (issue.code !== "invalid_type" || !["number", "int"].includes(issue.expected)) return;
  const path = issue.path as Path;
  const text = valueAt(value, path);
  if (typeof text !== "string" || !isReplaced(path) || !/^\s*-?\d+(\.\d+)?\s*$/.test(text)) return;
  setAt(value, path, Number(text));
}

/** In a list something stands in, so that the other items keep their places; a machine without keys is still one. */
function remove(value: unknown, path: Path): void {
  const holder = valueAt(value, path.slice(0, -1));
  if (Array.isArray(holder)) setAt(value, path, "x");
  else if (path.length === 2 && path[0] === "machines") setAt(value, path, null);
  else if (isMapping(holder)) delete holder[path.at(-1) ?? ""];
}
