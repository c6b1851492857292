import { readFile } from "node:fs/promises";
import { asset } from "./assets.ts";

/** How a template's values are written into the text. */
export interface TemplateOptions {
  /** `none`: as they are (rules, configuration). `xml`: `& < > " '` become references that XML knows. */
  readonly escape: "none" | "xml";
}

type Compiled = (view: object) => string;

const compiled = new Map<string, Promise<Compiled>>();

/**
 * Renders `templates/NAME.hbs`, such as `network/rules.nft`, from a finished view model.
 * Strict: a value that the template asks for and the view lacks is an error, never an empty string
 * (`{{#if}}` and `{{#each}}` ask too: give `false` or `[]`). Each template is compiled once per process.
 */
export async function renderTemplate(name: string, view: object, options: TemplateOptions): Promise<string> {
  const key = `${options.escape}:${name}`;
  const template = compiled.get(key) ?? compile(name, options);
  compiled.set(key, template);
  return (await template)(view);
}

async function compile(name: string, options: TemplateOptions): Promise<Compiled> {
  const [source, { default: handlebars }] = await Promise.all([
    readFile(asset("templates", `${name}.hbs`), "utf8"),
    import("handlebars"), // loaded late: only commands that render pay for it
  ]);
  return handlebars.compile(source, { strict: true, noEscape: options.escape === "none" });
}
