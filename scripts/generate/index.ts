import { configPage } from "./config-page.ts";
import { errorsPage } from "./errors-page.ts";
import { jsonSchema } from "./json-schema.ts";

/** Everything that is written from the sources: path in the package -> content. */
export function generatedFiles(): Record<string, string> {
  return {
    "docs/schema.json": jsonSchema(),
    "docs/config.md": configPage(),
    "docs/errors.md": errorsPage(),
  };
}
