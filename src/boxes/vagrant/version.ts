import { BothyError } from "../../errors.ts";

/** Numbers and words of a version: `1.2.0-beta3` is 1, 2, 0, pre, beta, 3. Words make it a pre-release. */
type Segments = readonly (number | string)[];

type Operator = "=" | "!=" | ">" | "<" | ">=" | "<=" | "~>";

/** One condition on a version. */
interface Condition {
  readonly operator: Operator;
  readonly version: Segments;
}

const VERSION = /^\d+(?:\.[0-9a-zA-Z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;
const CONDITION = /^\s*(=|!=|>=|<=|~>|>|<)?\s*([0-9A-Za-z.-]+)\s*$/;

/** Whether a text is a version as RubyGems knows it, and so as catalogs of boxes have it. */
export function isVersion(text: string): boolean {
  return VERSION.test(text.trim());
}

/** Orders versions as RubyGems does: 1.10 is newer than 1.9, 1.0 equals 1, and 1.0.rc1 comes before 1.0. */
export function compareVersions(one: string, other: string): number {
  return compare(parse(one), parse(other));
}

/**
 * The conditions of a text like `>= 1.2, < 2` or `~> 1.2`, all of which a version has to meet. A bare version means
 * exactly that one. As with RubyGems' own, a pre-release meets `> 1.0` if it is newer.
 * @throws BothyError `USAGE` quoting the part that is no condition.
 */
export function versionConstraint(text: string): (version: string) => boolean {
  const conditions = text.split(",").map((part) => parseCondition(part, text));
  return (version) => conditions.every((condition) => meets(parse(version), condition));
}

function parseCondition(part: string, text: string): Condition {
  const [, operator = "=", version = ""] = CONDITION.exec(part) ?? [];
  if (isVersion(version)) return { operator: operator as Operator, version: parse(version) };
  throw new BothyError("USAGE", `\`${text}\` is no version constraint: \`${part.trim()}\` cannot be read`, {
    hints: ["write `1.2.3`, or conditions with =, !=, >, <, >=, <=, ~>: `~> 1.2`, `>= 1, < 2`"],
  });
}

function parse(version: string): Segments {
  const words =
    version
      .trim()
      .replaceAll("-", ".pre.")
      .match(/\d+|[a-z]+/gi) ?? [];
  return words.map((word) => (/^\d/.test(word) ? Number(word) : word));
}

function meets(version: Segments, { operator, version: wanted }: Condition): boolean {
  const order = compare(version, wanted);
  switch (operator) {
    case "=":
      return order === 0;
    case "!=":
      return order !== 0;
    case ">":
      return order > 0;
    case "<":
      return order < 0;
    case ">=":
      return order >= 0;
    case "<=":
      return order <= 0;
    case "~>":
      return order >= 0 && compare(release(version), next(wanted)) < 0;
  }
}

/** A word comes before every number, and what is missing counts as 0; zeros at the end of each half do not count. */
function compare(one: Segments, other: Segments): number {
  const [left, right] = [canonical(one), canonical(other)];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const a = left[index] ?? 0;
    const b = right[index] ?? 0;
    if (a === b) continue;
    if (typeof a !== typeof b) return typeof a === "string" ? -1 : 1;
    return a < b ? -1 : 1;
  }
  return 0;
}

function canonical(version: Segments): Segments {
  const numbers = release(version);
  return [numbers, version.slice(numbers.length)].flatMap((half) => {
    const end = half.findLastIndex((segment) => segment !== 0);
    return half.slice(0, end + 1);
  });
}

/** The version that a pre-release is for. */
function release(version: Segments): Segments {
  const word = version.findIndex((segment) => typeof segment === "string");
  return word < 0 ? version : version.slice(0, word);
}

/** The first version that `~>` rules out: 2 for 1.2, 1.3 for 1.2.5. */
function next(version: Segments): Segments {
  const numbers = release(version);
  const kept = numbers.length > 1 ? numbers.slice(0, -1) : numbers;
  return [...kept.slice(0, -1), Number(kept.at(-1) ?? 0) + 1];
}
