import * as z from "zod";
import { NAME_RULE } from "../../src/config/names.ts";
import { projectSchema } from "../../src/config/schema.ts";
import { SIZE_PATTERN } from "../../src/config/sizes.ts";

const INTRODUCTION = `# The project file

<!-- Written by \`npm run generate\` from src/config/schema.ts: change it there. -->

\`bothy.yaml\` (or \`bothy.yml\`) describes the machines of a project. bothy looks for it in the current folder and
upwards. \`bothy init\` writes one, \`bothy validate\` lists everything that is wrong with it, \`bothy config\` prints it
with all defaults filled in. Editors complete and check it with [schema.json](schema.json), which the first line of
the file names.

An unknown key is an error. Keys at the top that begin with \`x-\` are yours: a place for YAML anchors. Anchors, aliases
and merge keys (\`<<\`) work everywhere.
`;

const RULES = `## Rules

**Names.** ${capital(NAME_RULE)}. With \`count\`, the number belongs to the name.

**Defaults.** A machine's own value wins over \`defaults\`. Mappings are merged key by key; a list replaces a list.

**Sizes.** A number, fractions too, and a unit: \`k\`, \`m\`, \`g\` or \`t\`, alone or as \`MB\` or \`MiB\`, in either case. All
are powers of 1024, as in Compose. What is no whole MiB is rounded up.

**Variables.** In values, never in keys, as in Compose: \`$VAR\`, \`\${VAR}\`, \`\${VAR:-default}\`, \`\${VAR-default}\`,
\`\${VAR:?message}\`, \`\${VAR?message}\`, \`\${VAR:+instead}\`, \`\${VAR+instead}\`. With a colon, empty counts as not set;
defaults may hold variables. \`$$\` is a dollar sign. Values come from the environment, then from \`.env\` beside the
project file. A variable that is not set counts as empty, with a warning. Where a number is wanted, a variable may
give it.

**Templates.** In every text of a machine \`{{name}}\` is its name, and \`{{index}}\` its number from 1.

**Volumes.** Absolute paths in their shortest form, none inside another, and no folder that the machine starts from.
`;

/** docs/config.md: every key, from the schema's metadata. */
export function configPage(): string {
  const machine = bare(projectSchema.shape.machines.valueType);
  const parts = [
    INTRODUCTION,
    section("The file", "", projectSchema),
    section("A machine", "Each entry of `machines`; `defaults` takes the same keys but `count`.", machine),
    ...subsections(machine),
    RULES,
  ];
  return `${parts.join("\n").trimEnd()}\n`;
}

function subsections(machine: z.ZodType): string[] {
  return keysOf(machine).flatMap(([key, schema]) => {
    const inner = mappingIn(schema);
    if (!inner || keysOf(inner).length === 0) return [];
    return [section(`\`${key}\``, String(bare(schema).meta()?.["description"] ?? ""), inner)];
  });
}

/** The mapping that a value is, or may be beside a short form. */
function mappingIn(schema: z.ZodType): z.ZodObject | undefined {
  const inner = bare(schema);
  const options = inner instanceof z.ZodUnion ? (inner.options as z.ZodType[]).map(bare) : [inner];
  return options.find((option) => option instanceof z.ZodObject);
}

function section(title: string, text: string, schema: z.ZodType): string {
  const rows = keysOf(schema).map(([key, value]) => row(key, bare(value)));
  const table = ["| key | type | default | meaning | example |", "|---|---|---|---|---|", ...rows];
  return [`## ${title}`, ...(text ? ["", text] : []), "", ...table, ""].join("\n");
}

function row(key: string, schema: z.ZodType): string {
  const { description, default: standard, absent, examples } = schema.meta() ?? {};
  const example = Array.isArray(examples) ? examples.map((one) => code(flow(one))).join(" or ") : "";
  const otherwise = standard === undefined ? String(absent ?? "") : code(flow(standard));
  return `| ${[code(key), typeOf(schema), otherwise, String(description), example].map(cell).join(" | ")} |`;
}

function typeOf(schema: z.ZodType): string {
  const inner = bare(schema);
  if (inner instanceof z.ZodString) return inner.meta()?.["pattern"] === SIZE_PATTERN ? "size" : "text";
  if (inner instanceof z.ZodNumber) return numberType(inner);
  if (inner instanceof z.ZodEnum) return inner.options.map((word) => code(String(word))).join(", ");
  if (inner instanceof z.ZodArray) return "list of text";
  if (inner instanceof z.ZodUnion) return inner.options.map((one) => typeOf(one as z.ZodType)).join(" or ");
  return "mapping";
}

function numberType(schema: z.ZodNumber): string {
  const whole = schema.format === "safeint" ? "whole number" : "number";
  const most =
    schema.maxValue !== null && schema.maxValue < Number.MAX_SAFE_INTEGER ? ` to ${schema.maxValue}` : " up";
  return `${whole} from ${schema.minValue}${most}`;
}

function keysOf(schema: z.ZodType): [string, z.ZodType][] {
  return schema instanceof z.ZodObject ? Object.entries(schema.shape) : [];
}

function bare(schema: unknown): z.ZodType {
  const wrapped = schema instanceof z.ZodOptional || schema instanceof z.ZodNullable;
  return wrapped ? bare(schema.unwrap()) : (schema as z.ZodType);
}

/** A value as it is written on one line of YAML. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const pairs = Object.entries(value).map(([key, inner]) => `${key}: ${flow(inner)}`);
  return `{ ${pairs.join(", ")} }`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
