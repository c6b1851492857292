import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { asset } from "../system/index.ts";
import { digestOfText } from "./digest.ts";

const path = z.string().regex(/^[\w.-]+(\/[\w.-]+)*$/);
const packageName = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/);
/** `package:/path/in/it` */
const source = z.string().regex(/^[a-z0-9+.-]+:\/\S+$/);

/** `boxes/tools/recipe.yaml` */
export const toolsRecipe = z.strictObject({
  packages: z.array(packageName),
  programs: z.record(path, source),
  links: z.record(path, z.string()),
  replace: z.record(path, z.record(z.string(), z.string())),
});

/** `boxes/kernel/recipe.yaml` */
export const kernelRecipe = z.strictObject({
  kernel: packageName,
  packages: z.array(packageName),
  programs: z.record(path, source),
  modules: z.array(z.string().regex(/^[\w-]+$/)),
});

export type ToolsRecipe = z.infer<typeof toolsRecipe>;
export type KernelRecipe = z.infer<typeof kernelRecipe>;

/** The recipe in a folder of `boxes/`. Ours are valid: tests see to it. */
export async function readRecipe<T>(schema: z.ZodType<T>, name: string): Promise<T> {
  return schema.parse(parse(await readFile(asset("boxes", name, "recipe.yaml"), "utf8")));
}

/** The files beside a recipe that go into the artefact, by path and sorted. */
export async function readScripts(name: string): Promise<Map<string, string>> {
  const folder = asset("boxes", name);
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((file) => file !== "recipe.yaml")
    .sort();
  return new Map(
    await Promise.all(paths.map(async (file) => [file, await readFile(join(folder, file), "utf8")] as const)),
  );
}

/** Names the recipe and everything beside it. */
export async function recipeKey(name: string): Promise<string> {
  const recipe = await readFile(asset("boxes", name, "recipe.yaml"), "utf8");
  return digestOfText(JSON.stringify([recipe, ...(await readScripts(name))]));
}
