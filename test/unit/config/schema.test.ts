import { describe, expect, it } from "vitest";
import * as z from "zod";
import { defaultsSchema, machineSchema } from "../../../src/config/machine-schema.ts";
import { projectSchema } from "../../../src/config/schema.ts";
import { problemsOf } from "./support/read.ts";

/** Every key of the file with its schema, inside sections too. */
function keysOf(schema: unknown, path: string): [string, z.ZodType][] {
  const inner = bare(schema);
  if (inner instanceof z.ZodRecord && path === "machines") return keysOf(inner.valueType, `${path}.*`);
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries(inner.shape).flatMap(([key, value]) => {
    const name = path ? `${path}.${key}` : key;
    return [[name, bare(value)] as [string, z.ZodType], ...keysOf(value, name)];
  });
}

function bare(schema: unknown): z.ZodType {
  const wrapped = schema instanceof z.ZodOptional || schema instanceof z.ZodNullable;
  return wrapped ? bare(schema.unwrap()) : (schema as z.ZodType);
}

describe.each(keysOf(projectSchema, ""))("the key %s", (path, schema) => {
  it("is described", () => {
    expect(schema.meta()?.["description"]).toMatch(/^.{10,}\.$/);
  });

  it("has examples that the schema takes", () => {
    const examples = schema.meta()?.["examples"];
    if (path.endsWith(".container")) return; // no keys yet
    expect(examples).toHaveLength((examples as unknown[]).length || 1);
    for (const example of examples as unknown[]) expect(schema.safeParse(example).error).toBeUndefined();
  });
});

it("has the same keys in defaults and in a machine, but count", () => {
  const [count, ...rest] = Object.keys(machineSchema.shape).reverse();
  expect(count).toBe("count");
  expect(rest.reverse()).toEqual(Object.keys(defaultsSchema.shape));
});

it("does not know keys that come later", () => {
  const later = ["ports", "provision", "sync", "healthcheck", "depends_on", "networks", "profiles"];
  const lines = later.map((key) => `    ${key}: {}`).join("\n");
  expect(problemsOf(`machines:\n  web:\n    box: debian/12\n${lines}\n`)).toHaveLength(later.length);
});
