import * as z from "zod";
import type { Complaint, Path } from "./problems.ts";
import { projectSchema } from "./schema.ts";
import { nearest } from "./suggest.ts";
import { describeValue, valueAt } from "./values.ts";

/** One finding of the schema. */
export type Issue = z.core.$ZodIssue;

const NOUNS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a mapping",
  record: "a mapping",
  array: "a list",
  null: "nothing",
};

/** What the schema found, in our words. */
export function describeIssue(issue: Issue, value: unknown): Complaint[] {
  const path = issue.path as Path;
  const got = valueAt(value, path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({ path: [...path, key], on: "key", message: unknownKey(path, key) }));
    case "invalid_type":
      return [{ path, message: wrongType([issue.expected], path, got) }];
    case "invalid_union":
      return describeUnion(issue, path, value);
    case "invalid_value":
      return [{ path, message: wrongWord(issue.values.map(String), got) }];
    case "too_small":
      return [{ path, message: `must be at least ${issue.minimum}, not ${describeValue(got)}` }];
    case "too_big":
      return [{ path, message: `must be at most ${issue.maximum}, not ${describeValue(got)}` }];
    default:
      return [{ path, message: issue.message }];
  }
}

/** An alternative that has the right type, but something wrong inside, says more than the list of alternatives. */
function describeUnion(issue: Issue & { code: "invalid_union" }, path: Path, value: unknown): Complaint[] {
  const inside = issue.errors.find((issues) => issues.every((one) => one.path.length > 0));
  if (inside)
    return inside.flatMap((one) => describeIssue({ ...one, path: [...path, ...one.path] } as Issue, value));
  const expected = issue.errors.flat().flatMap((one) => (one.code === "invalid_type" ? [one.expected] : []));
  return [{ path, message: wrongType(expected, path, valueAt(value, path)) }];
}

function wrongType(expected: readonly string[], path: Path, got: unknown): string {
  if (got === undefined && path.length === 1 && path[0] === "machines")
    return "`machines:` is missing; a project needs one machine at least";
  const wanted = [...new Set(expected.map((type) => NOUNS[type] ?? type))].filter(
    (noun) => noun !== "nothing",
  );
  const example: unknown = schemaAt(path)?.meta()?.["examples"];
  const such =
    Array.isArray(example) && typeof example[0] !== "object" ? ` such as ${JSON.stringify(example[0])}` : "";
  return `expected ${wanted.join(" or ")}${such}, got ${describeValue(got)}`;
}

function wrongWord(words: readonly string[], got: unknown): string {
  const meant = typeof got === "string" ? nearest(got, words) : undefined;
  const list = words.map((word) => `"${word}"`).join(", ");
  return `expected one of ${list}, got ${describeValue(got)}${meant ? `; did you mean "${meant}"?` : ""}`;
}

function unknownKey(path: Path, key: string): string {
  const known = keysOf(schemaAt(path));
  const meant = nearest(key, known);
  if (meant) return `unknown key, did you mean "${meant}"?`;
  const home = HOMES.find(({ place }) => keysOf(schemaAt(place)).includes(key));
  if (home) return `unknown key here; it belongs ${home.words}`;
  return known.length > 0
    ? `unknown key; the keys here are ${known.join(", ")}`
    : "unknown key; there are no keys here yet";
}

/** Where a key that is known elsewhere belongs, likeliest first. */
const HOMES: readonly { place: Path; words: string }[] = [
  { place: ["machines", "*", "limits"], words: "under `limits:`" },
  { place: ["machines", "*", "run"], words: "under `run:`" },
  { place: ["machines", "*", "build"], words: "under `build:`" },
  { place: ["machines", "*", "vm"], words: "under `vm:`" },
  { place: ["machines", "*", "container"], words: "under `container:`" },
  { place: ["defaults"], words: "to a machine or to `defaults:`" },
  { place: ["machines", "*"], words: "to a machine" },
  { place: [], words: "to the top of the file" },
];

function keysOf(schema: z.ZodType | undefined): string[] {
  const mapping = mappingOf(schema);
  return mapping instanceof z.ZodObject ? Object.keys(mapping.shape) : [];
}

/** Of a short and a long form, the long one. */
function mappingOf(schema: z.ZodType | undefined): z.ZodType | undefined {
  if (!(schema instanceof z.ZodUnion)) return schema;
  const forms = schema.options as readonly z.ZodType[];
  return forms.find((form) => form instanceof z.ZodObject || form instanceof z.ZodRecord);
}

/** The schema of the value at a path, without wrappers. */
function schemaAt(path: Path): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>((holder, part) => {
    const schema = mappingOf(holder);
    if (schema instanceof z.ZodObject)
      return bare(Object.hasOwn(schema.shape, part) ? schema.shape[part] : undefined);
    if (schema instanceof z.ZodRecord) return bare(schema.valueType as z.ZodType);
    return undefined;
  }, projectSchema);
}

function bare(schema: z.ZodType | undefined): z.ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    return bare(schema.unwrap() as z.ZodType);
  return schema;
}
