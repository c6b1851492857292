import { describe, expect, test } from "vitest";
import {
  kernelRecipe,
  readRecipe,
  readScripts,
  recipeKey,
  toolsRecipe,
} from "../../../src/boxes/artefact-recipe.ts";
import { run } from "../../../src/system/index.ts";

const INTERPRETERS = ["#!/.bothy/bin/busybox sh", "#!/bin/busybox sh"];

describe("boxes/tools and boxes/kernel", () => {
  test("have valid recipes whose programs come from their packages", async () => {
    const tools = await readRecipe(toolsRecipe, "tools");
    const kernel = await readRecipe(kernelRecipe, "kernel");
    for (const { programs, packages } of [tools, kernel]) {
      for (const source of Object.values(programs)) expect(packages).toContain(source.split(":")[0]);
    }
    for (const program of Object.keys(tools.replace)) expect(tools.programs).toHaveProperty([program]);
  });

  test("have a key that stays", async () => {
    expect(await recipeKey("tools")).toBe(await recipeKey("tools"));
    expect(await recipeKey("tools")).not.toBe(await recipeKey("kernel"));
  });

  test.each(["tools", "kernel"])(
    "have scripts in %s that busybox understands, and of a size to read",
    async (name) => {
      for (const [path, content] of await readScripts(name)) {
        const lines = content.split("\n");
        if (content.startsWith("#!")) expect(INTERPRETERS, path).toContain(lines[0]);
        expect(lines.length, path).toBeLessThan(150);
        expect(Math.max(...lines.map((line) => line.length)), path).toBeLessThanOrEqual(120);
        await run(["busybox", "sh", "-n"], { input: content });
      }
    },
  );
});
