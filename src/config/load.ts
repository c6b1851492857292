import { basename, relative } from "node:path";
import { discover, type Found } from "./discover.ts";
import { ConfigError, formatProblem, inOrder, type Problem } from "./problems.ts";
import type { ProjectConfig } from "./project-config.ts";
import { readProject } from "./read.ts";
import { type Environment, readVariables } from "./variables.ts";

/** A project on disk. */
export interface LoadedProject {
  /** The project file, absolute. */
  readonly path: string;
  /** The folder that it lies in. */
  readonly folder: string;
  readonly config: ProjectConfig;
  /** What is odd, but no error, a line each: variables that are not set, a second project file. */
  readonly warnings: readonly string[];
}

/** Where to look, and with which variables. */
export interface LoadOptions {
  readonly cwd: string;
  /** Default: the process's environment. */
  readonly env?: Environment | undefined;
}

/**
 * Finds, reads and checks the project file of `cwd`; writes nothing.
 * @throws BothyError `CONFIG_MISSING` without a file; ConfigError `CONFIG_INVALID` with every problem in it.
 */
export async function loadProject({ cwd, env }: LoadOptions): Promise<LoadedProject> {
  const found = await discover(cwd);
  const show = (path: string) => relative(cwd, path);
  const variables = await readVariables(found.folder, show, env);
  const file = show(found.path);
  const reading = readProject({
    file,
    text: found.text,
    folderName: basename(found.folder),
    lookup: variables.lookup,
  });
  const problems = [...variables.problems, ...reading.problems];
  if (problems.length > 0 || !reading.config) throw new ConfigError(problems);
  const warnings = inOrder([...variables.warnings, ...reading.warnings, ...shadowWarning(found, file)]);
  return {
    path: found.path,
    folder: found.folder,
    config: reading.config,
    warnings: warnings.map(formatProblem),
  };
}

function shadowWarning({ shadowed }: Found, file: string): Problem[] {
  if (!shadowed) return [];
  return [
    { file, line: 1, column: 1, path: "", message: `"${basename(shadowed)}" lies beside it and is not read` },
  ];
}
