import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { BothyError } from "../errors.ts";
import { asset } from "../system/index.ts";

/** The folders under `boxes/` with recipes; each distribution has a builder of its own. */
export const DISTRIBUTIONS = ["debian"] as const;

const absolutePath = z.string().startsWith("/");
const file = z.union([
  z.string().transform((content) => ({ content, mode: "0644" })),
  z.strictObject({ content: z.string(), mode: z.string().regex(/^0[0-7]{3,4}$/) }),
]);

/** `boxes/DISTRIBUTION/NAME.yaml`: what goes into a box. */
export const recipeSchema = z.strictObject({
  /** One line for `box list`. */
  description: z.string().min(1),
  /** The distribution's release, as its mirrors name it. */
  suite: z.string().regex(/^[a-z]+$/),
  components: z.array(z.string()).min(1).default(["main"]),
  /** How much comes unasked: `apt` is the essential packages and apt; `minbase` all of priority "required". */
  variant: z.enum(["apt", "minbase"]),
  packages: z.array(z.string().regex(/^[a-z0-9][a-z0-9.+-]+$/)),
  /** Files written after the packages are there; a plain text is a file of mode 0644. */
  files: z.record(absolutePath, file).default({}),
  /** A POSIX sh script, run in the tree with `sh -eu` after everything else. */
  customize: z.string().default(""),
  /** What the machine's init hands over to; absent: bothy's own init supervises. */
  init: absolutePath.optional(),
  /** Who `ssh` logs in as; the recipe has to make that user. */
  user: z.string().min(1),
  environment: z.record(z.string(), z.string()).default({}),
  labels: z.record(z.string(), z.string()).default({}),
});

/** A recipe with every default filled in. */
export type Recipe = z.infer<typeof recipeSchema>;

/** The names of all recipes that ship with bothy. */
export async function listRecipes(): Promise<string[]> {
  const found = await Promise.all(
    DISTRIBUTIONS.map(async (distribution) => {
      const files = await readdir(asset("boxes", distribution));
      return files
        .filter((name) => name.endsWith(".yaml"))
        .map((name) => `${distribution}/${name.slice(0, -".yaml".length)}`);
    }),
  );
  return found.flat().sort();
}

/** The recipe of that (normalised) name, or `undefined`. @throws BothyError `BOX_BUILD_FAILED` for a wrong one. */
export async function findRecipe(name: string): Promise<Recipe | undefined> {
  if (!(await listRecipes()).includes(name)) return undefined;
  const path = join(asset("boxes"), `${name}.yaml`);
  return parseRecipe(await readFile(path, "utf8"), path);
}

/** Reads and checks a recipe. @throws BothyError `BOX_BUILD_FAILED` listing every problem. */
export function parseRecipe(text: string, path: string): Recipe {
  const result = recipeSchema.safeParse(parse(text));
  if (result.success) return result.data;
  throw new BothyError("BOX_BUILD_FAILED", `the recipe ${path} is wrong\n${z.prettifyError(result.error)}`);
}
