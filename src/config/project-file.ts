import { readdir } from "node:fs/promises";
import { basename, isAbsolute, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { stringify } from "yaml";
import { BothyError } from "../errors.ts";
import type { Isolation } from "../providers/provider.ts";
import { asset, renderTemplate } from "../system/index.ts";
import { DEFAULTS } from "./defaults.ts";
import { toLabel } from "./names.ts";

/** What `bothy init` writes. */
export interface ProjectFileOptions {
  /** A name of `projectTemplates()`; default `single`. */
  readonly template?: string | undefined;
  readonly box: string;
  readonly isolation?: Isolation | undefined;
  /** The project's name; text that is no legal name is turned into one. */
  readonly name: string;
  /** The folder that the file is for, when it is for one. */
  readonly folder?: string | undefined;
}

const SUFFIX = ".yaml.hbs";

/** The names of the templates that ship with the package. */
export async function projectTemplates(): Promise<string[]> {
  const files = await readdir(asset("templates", "project"));
  return files.filter((file) => file.endsWith(SUFFIX)).map((file) => basename(file, SUFFIX));
}

/**
 * The text of a new project file.
 * @throws BothyError `USAGE` when there is no such template.
 */
export async function renderProjectFile(options: ProjectFileOptions): Promise<string> {
  const { template = "single", isolation = DEFAULTS.isolation } = options;
  const known = await projectTemplates();
  if (!known.includes(template)) {
    throw new BothyError("USAGE", `no template "${template}"; there is ${known.join(", ")}`, {
      hints: [`\`bothy init --template ${known[0]}\``],
    });
  }
  const view = {
    schema: schemaReference(options.folder),
    name: scalar(toLabel(options.name) || "project"),
    box: scalar(options.box),
    isolation,
  };
  return renderTemplate(`project/${template}.yaml`, view, { escape: "none" });
}

/**
 * The schema where editors find it without a network: in the installed package. The path is relative when
 * the package lies in the project, so that the project can be moved.
 */
function schemaReference(folder: string | undefined): string {
  const schema = asset("docs", "schema.json");
  const inside = folder === undefined ? undefined : relative(resolve(folder), schema);
  if (inside && !inside.startsWith("..") && !isAbsolute(inside)) return `./${inside}`;
  return /\s/.test(schema) ? pathToFileURL(schema).href : schema;
}

/** Text as a YAML scalar in which a dollar sign is just that. */
function scalar(text: string): string {
  return stringify(text.replaceAll("$", "$$$$"), { lineWidth: 0 }).trimEnd();
}
