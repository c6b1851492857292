// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of project files look like that
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { asset } from "../../../src/system/index.ts";

type Json = Readonly<Record<string, unknown>>;

const schema = JSON.parse(await readFile(asset("docs/schema.json"), "utf8")) as Json;

it("is a draft 2020-12 schema that editors can use as it is", () => {
  expect(schema).toMatchObject({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    required: ["machines"],
    additionalProperties: false,
  });
  expect(schema).not.toHaveProperty("$id");
  expect(schema).not.toHaveProperty("$ref");
  expect(JSON.stringify(schema)).not.toContain('"absent"');
});

describe("values with variables are valid where bothy takes them", () => {
  it.each([
    ["cpus", "${CPUS:-2}", true],
    ["cpus", 2, true],
    ["cpus", "2", false],
    ["cpus", 0, false],
    ["isolation", "$LEVEL", true],
    ["isolation", "docker", false],
    ["memory", "${M}", true],
    ["memory", "{{index}}GiB", true],
    ["memory", "512m", true],
    ["memory", "512", false],
    ["count", "$N", true],
    ["count", 1.5, false],
  ])("%s: %j -> %s", (key, value, expected) => {
    expect(accepts(machineKey(key), value)).toBe(expected);
  });
});

function machineKey(key: string): Json {
  const machines = (schema["properties"] as Record<string, Json>)["machines"]?.[
    "additionalProperties"
  ] as Json;
  const [machine] = machines["anyOf"] as [{ properties: Record<string, Json> }];
  const found = machine.properties[key];
  if (!found) throw new Error(`no key ${key}`);
  return found;
}

/** As much of JSON Schema as one key needs. */
function accepts(one: Json, value: unknown): boolean {
  if (Array.isArray(one["anyOf"])) return one["anyOf"].some((inner: Json) => accepts(inner, value));
  if (Array.isArray(one["enum"])) return one["enum"].includes(value);
  if (one["type"] === "string")
    return typeof value === "string" && new RegExp(String(one["pattern"] ?? "")).test(value);
  if (typeof value !== "number" || (one["type"] === "integer" && !Number.isInteger(value))) return false;
  return value >= Number(one["minimum"]) && value <= Number(one["maximum"] ?? Number.POSITIVE_INFINITY);
}
