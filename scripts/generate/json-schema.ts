import * as z from "zod";
import { projectSchema } from "../../src/config/schema.ts";

type Json = z.core.JSONSchema.BaseSchema;

/** Text with a variable in it: editors must accept it wherever bothy does. */
const VARIABLE: Json = { type: "string", pattern: "\\$" };

/** docs/schema.json: the project file for editors, draft 2020-12. */
export function jsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(projectSchema, { io: "input" });
  const patternProperties = { "^x-": { description: "Yours: bothy ignores it. A place for YAML anchors." } };
  const whole = { $schema, title: "bothy project file", ...relax(schema), patternProperties };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** The schema with variables allowed in every key's value, and without metadata that is only for docs/config.md. */
function relax({ absent: _, ...schema }: Json): Json {
  const relaxed: Json = { ...schema };
  if (schema.properties)
    relaxed.properties = mapValues(schema.properties, (inner) => allowVariable(relax(inner as Json)));
  if (schema.anyOf) relaxed.anyOf = schema.anyOf.map((inner) => relax(inner as Json));
  if (typeof schema.additionalProperties === "object")
    relaxed.additionalProperties = relax(schema.additionalProperties as Json);
  return relaxed;
}

/** What restricts the value becomes one of two alternatives; what describes it stays outside. */
function allowVariable(schema: Json): Json {
  const { type, enum: words, minimum, maximum, ...description } = schema;
  if (schema.pattern) return { ...schema, pattern: `(${schema.pattern})|\\$|\\{\\{` };
  if (!words && type !== "number" && type !== "integer") return schema;
  const restriction = Object.entries({ type, enum: words, minimum, maximum }).filter(
    ([, value]) => value !== undefined,
  );
  return { ...description, anyOf: [Object.fromEntries(restriction), VARIABLE] };
}

function mapValues<T, U>(record: Record<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
