import { join } from "node:path";
import { hostEnvironment, readIfExists } from "../system/index.ts";
import { parseDotenv } from "./dotenv.ts";
import type { Problem } from "./problems.ts";
import type { Lookup } from "./substitute.ts";

/** Values for the variables of a project file. */
export interface Variables {
  readonly lookup: Lookup;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Environment variables as Node gives them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment, and below it the `.env` file of the project's folder; `show` names that file in messages. */
export async function readVariables(
  folder: string,
  show: (path: string) => string,
  environment: Environment = hostEnvironment(),
): Promise<Variables> {
  const outer: Lookup = (name) => (Object.hasOwn(environment, name) ? environment[name] : undefined);
  const path = join(folder, ".env");
  const text = await readIfExists(path);
  const { values, problems, warnings } = parseDotenv(text ?? "", outer);
  const note = ({ line, message }: { line: number; message: string }): Problem => ({
    file: show(path),
    line,
    column: 1,
    path: "",
    message,
  });
  return {
    lookup: (name) => outer(name) ?? values.get(name),
    problems: problems.map(note),
    warnings: warnings.map(note),
  };
}
