import { BothyError } from "../errors.ts";

/** Where a value is in the project file: `["machines", "web", "volumes", 0]`. */
export type Path = readonly (string | number)[];

/** Something to say about the value at a path, before its place in the text is known. */
export interface Complaint {
  readonly path: Path;
  readonly message: string;
  /** Point at the key instead of at the value. */
  readonly on?: "key" | undefined;
  /** Only worth saying when there is no complaint about any of these. */
  readonly unless?: readonly Path[] | undefined;
}

/** One problem or warning of the project file, with its place. */
export interface Problem {
  /** The file as it is shown: relative to the current folder. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** The key, such as `machines.web.memory`; empty when the problem is about the file. */
  readonly path: string;
  readonly message: string;
}

/** Everything that is wrong with a project file, at once. */
export class ConfigError extends BothyError {
  /** Sorted by position, without repetitions. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const sorted = inOrder(problems);
    const title =
      sorted.length === 1
        ? "the project file has a problem"
        : `the project file has ${sorted.length} problems`;
    super("CONFIG_INVALID", [`${title}:`, ...sorted.map(formatProblem)].join("\n"), {
      hints: ["`bothy validate` checks the file again", "docs/config.md lists every key"],
    });
    this.problems = sorted;
  }
}

/** A problem in one line: `bothy.yaml:4:5: machines.web.memroy: unknown key`. */
export function formatProblem(problem: Problem): string {
  const place = `${problem.file}:${problem.line}:${problem.column}`;
  return [place, problem.path, problem.message].filter(Boolean).join(": ");
}

/** A path as people write it: `machines.web.volumes[0]`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    const key = /^[\w$/<-]+$/.test(part) ? part : JSON.stringify(part);
    return text ? `${text}.${key}` : key;
  }, "");
}

/** Sorted by file and position; what an alias or a default repeats at one place is said once. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const first = new Map<string, Problem>();
  for (const problem of problems) {
    const place = `${problem.file}:${problem.line}:${problem.column}:${problem.message}`;
    if (!first.has(place)) first.set(place, problem);
  }
  return [...first.values()].sort(
    (a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column,
  );
}
