import { readdir, readFile } from "node:fs/promises";
import { basename, isAbsolute, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { stringify } from "yaml";
import { BothyError } from "../errors.ts";
import type { Isolation } from "../providers/provider.ts";
import { asset, packageRoot } from "../system/index.ts";
import { DEFAULTS } from "./defaults.ts";
import { toLabel } from "./names.ts";

/** What `bothy init` writes. */
export interface ProjectFileOptions {
  /** A name of `projectTemplates()`; default `single`. */
  readonly template?: string | undefined;
  readonly box: string;
  readonly isolation?: Isolation | undefined;
  /** The project's name; anything else than a legal name is turned into one. */
  readonly name: string;
  /** The folder that the file is for; default: unknown. */
  readonly folder?: string | undefined;
}

/** The names of the templates that ship with the package. */
export async function projectTemplates(): Promise<string[]> {
  const files = await readdir(asset("templates", "project"));
  return files
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => basename(file, ".yaml"))
    .sort();
}

/**
 * The text of a new project file.
 * @throws BothyError `USAGE` when there is no such template.
 */
export async function renderProjectFile(options: ProjectFileOptions): Promise<string> {
  const { template = "single", box, isolation = DEFAULTS.isolation } = options;
  const known = await projectTemplates();
  if (!known.includes(template)) {
    throw new BothyError("USAGE", `no template "${template}"`, { hints: [`templates: ${known.join(", ")}`] });
  }
  const text = await readFile(asset("templates", "project", `${template}.yaml`), "utf8");
  const project = toLabel(options.name) || "project";
  const view: Record<string, string> = {
    schema: schemaReference(options.folder),
    project: scalar(project),
    box: scalar(box),
    isolation,
  };
  return text.replace(/\{\{(\w+)\}\}/g, (mark, key: string) => view[key] ?? mark);
}

/**
 * The schema as editors find it without a network: the file of the installed package; relative when the
 * package lies in the project, so that the project can be moved.
 */
function schemaReference(folder: string | undefined): string {
  const schema = asset("docs", "schema.json");
  const within = folder === undefined ? ".." : relative(resolve(folder), packageRoot);
  if (!within.startsWith("..") && !isAbsolute(within)) return `./${relative(resolve(folder ?? ""), schema)}`;
  return /\s/.test(schema) ? pathToFileURL(schema).href : schema;
}

/** Text as a YAML scalar that holds no variable. */
function scalar(text: string): string {
  return stringify(text.replaceAll("$", "$$$$"), { lineWidth: 0 }).trimEnd();
}
