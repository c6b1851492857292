import type { Path } from "./problems.ts";

/** A mapping as YAML makes it. */
export type Mapping = Record<string, unknown>;

/** Whether it is a mapping: neither a list nor nothing. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path; `undefined` where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, part) => {
    const holds = isMapping(inner) || Array.isArray(inner);
    return holds && Object.hasOwn(inner, part) ? (inner as Mapping)[part] : undefined;
  }, value);
}

/** Replaces the value at a path, in place. */
export function setAt(value: unknown, path: Path, replacement: unknown): void {
  const holder = valueAt(value, path.slice(0, -1));
  const last = path.at(-1);
  if (last !== undefined && typeof holder === "object" && holder !== null)
    (holder as Mapping)[last] = replacement;
}

/** A value in a few words for a message. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value !== "string") return String(value);
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}..."` : text;
}
