import * as z from "zod";
import { projectSchema } from "../../src/config/schema.ts";

type Json = z.core.JSONSchema.BaseSchema;

/** Text with a variable in it: editors must accept it wherever bothy does. */
const VARIABLE: Json = { type: "string", pattern: "\\$" };

/** docs/schema.json: the project file for editors, draft 2020-12. */
export function jsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(projectSchema, { io: "input", override });
  const title = "bothy project file";
  const extensions = { "^x-": { description: "Yours: bothy ignores it. A place for YAML anchors." } };
  return `${JSON.stringify({ $schema, title, ...schema, patternProperties: extensions }, null, 2)}\n`;
}

function override({ jsonSchema: schema }: { jsonSchema: Json }): void {
  delete schema["absent"];
  if (typeof schema.pattern === "string") schema.pattern = `(${schema.pattern})|\\$|\\{\\{`;
  else if (schema.enum || schema.type === "number" || schema.type === "integer") allowVariable(schema);
}

/** Moves what restricts the value into one of two alternatives; what describes it stays outside. */
function allowVariable(schema: Json): void {
  const { description, default: standard, examples, ...rest } = schema;
  for (const key of Object.keys(rest)) delete schema[key];
  schema.anyOf = [rest, VARIABLE];
}
