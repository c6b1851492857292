import { keepAsTyped } from "./as-typed.ts";
import { interpolate } from "./interpolate.ts";
import { locate, nodeAt } from "./locate.ts";
import { normalise } from "./normalise.ts";
import { type Fault, parseYaml, type Source } from "./parse.ts";
import { type Complaint, formatPath, inOrder, type Path, type Problem } from "./problems.ts";
import type { ProjectConfig } from "./project-config.ts";
import { resolve } from "./resolve.ts";
import { applyRules } from "./rules/index.ts";
import type { Lookup } from "./substitute.ts";
import { validate } from "./validate.ts";

/** A project file and what surrounds it. */
export interface ProjectText {
  /** How the file is called in messages. */
  readonly file: string;
  readonly text: string;
  /** The name of its folder: the project's, unless the file has another. */
  readonly folderName: string;
  readonly lookup: Lookup;
}

/** What a project file says: the configuration, or everything that is wrong with it. */
export interface Reading {
  /** Absent when there are problems. */
  readonly config?: ProjectConfig | undefined;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Reads a project from its text: parse, variables, schema, defaults, rules. No input or output, no exception for any text. */
export function readProject(project: ProjectText): Reading {
  const parsed = parseYaml(project.text);
  const place = placing(project.file, parsed);
  const syntax = parsed.faults.map(place.fault);
  const odd = parsed.warnings.map(place.fault);
  if (parsed.fatal) return { problems: inOrder(syntax), warnings: inOrder(odd) };
  keepAsTyped(parsed.document);
  const variables = interpolate(parsed.document, project.lookup);
  const checked = check(project, parsed, variables.replaced, variables.complaints);
  const problems = inOrder([...syntax, ...checked.complaints.map(place.complaint)]);
  const warnings = inOrder([...odd, ...variables.warnings.map(place.complaint)]);
  return { config: problems.length === 0 ? checked.config : undefined, problems, warnings };
}

function check(
  project: ProjectText,
  source: Source,
  replaced: ReadonlySet<unknown>,
  earlier: readonly Complaint[],
): { config?: ProjectConfig; complaints: Complaint[] } {
  const value = toValue(source);
  if ("complaint" in value) return { complaints: [...earlier, value.complaint] };
  const { written, complaints: found } = validate(value.value, (path) =>
    replaced.has(nodeAt(source.document, path)),
  );
  const known = [...earlier, ...found];
  if (!written) return { complaints: known };
  const draft = normalise(written, project.folderName, project.lookup);
  const complaints = withoutEchoes(known, applyRules(draft));
  return complaints.length > 0 ? { complaints } : { config: resolve(draft), complaints };
}

function toValue({ document }: Source): { value: unknown } | { complaint: Complaint } {
  try {
    return { value: document.toJS() };
  } catch (cause) {
    // yaml refuses aliases that grow without bounds; those in a circle of merges it does not notice
    if (!(cause instanceof ReferenceError || cause instanceof RangeError)) throw cause;
    return { complaint: { path: [], message: "the aliases (`*name`) of the file expand to far too much" } };
  }
}

/** A value that is wrong already is not complained about again: what follows from it would only confuse. */
function withoutEchoes(known: readonly Complaint[], more: readonly Complaint[]): Complaint[] {
  const isWrong = (path: Path) => known.some((one) => one.path.every((part, index) => part === path[index]));
  const isEcho = ({ path, unless = [] }: Complaint) => [path, ...unless].some(isWrong);
  return [...known, ...more.filter((complaint) => !isEcho(complaint))];
}

/** Gives faults and complaints their place in the file. */
function placing(file: string, source: Source) {
  return {
    fault: ({ offset, path, message }: Fault): Problem => ({
      file,
      ...source.lines.placeOf(offset),
      path: formatPath(path),
      message,
    }),
    complaint: (complaint: Complaint): Problem => ({
      file,
      ...locate(source, complaint),
      path: formatPath(complaint.path),
      message: complaint.message,
    }),
  };
}
