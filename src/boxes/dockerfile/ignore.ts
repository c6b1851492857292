import { posix } from "node:path";
import { BothyError, messageOf } from "../../errors.ts";
import { readIfExists } from "../../system/index.ts";
import { type DockerfileSpec, dockerfilePath } from "./spec.ts";

/** What a build leaves out of its context (docs.docker.com/build/concepts/context, "Syntax"). */
export interface IgnoreRules {
  /** The file they are from; absent: nothing is left out. */
  readonly path?: string | undefined;
  /** The patterns in their cleaned form, in order. */
  readonly patterns: readonly string[];
  /** Whether a path, relative to the context and with slashes, is left out. */
  ignores(path: string): boolean;
  /** Whether something below a folder that is left out may be taken in again. */
  readonly hasExceptions: boolean;
}

interface Rule {
  readonly pattern: RegExp;
  readonly isException: boolean;
}

/**
 * Reads `DOCKERFILE.dockerignore`, or else the context's `.dockerignore`.
 * @throws BothyError `DOCKERFILE_FAILED` for a pattern that is none, with its line.
 */
export async function readIgnoreRules(spec: DockerfileSpec): Promise<IgnoreRules> {
  for (const path of [`${dockerfilePath(spec)}.dockerignore`, posix.join(spec.context, ".dockerignore")]) {
    const text = await readIfExists(path).catch((cause: unknown) => {
      throw new BothyError("DOCKERFILE_FAILED", `cannot read ${path}: ${messageOf(cause)}`, { cause });
    });
    if (text !== undefined) return { path, ...parseIgnoreRules(text, path) };
  }
  return parseIgnoreRules("", "");
}

/** The rules of a file's text; the last one that matches a path or a folder above it wins. */
export function parseIgnoreRules(text: string, path: string): IgnoreRules {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const found = lines.flatMap((line, index) => {
    const cleaned = cleanPattern(line);
    return cleaned === undefined ? [] : [{ cleaned, rule: ruleOf(cleaned, path, index + 1) }];
  });
  const rules = found.map(({ rule }) => rule);
  return {
    patterns: found.map(({ cleaned }) => cleaned),
    ignores: (name) => decide(rules, name),
    hasExceptions: rules.some(({ isException }) => isException),
  };
}

function cleanPattern(line: string): string | undefined {
  if (line.startsWith("#")) return undefined;
  const trimmed = line.trim();
  const mark = trimmed.startsWith("!") ? "!" : "";
  const pattern = trimmed.slice(mark.length).trim();
  if (pattern === "") return mark ? "!" : undefined;
  const cleaned = posix.normalize(pattern).replace(/(?<=.)\/$/, "");
  return mark + (cleaned.length > 1 ? cleaned.replace(/^\//, "") : cleaned);
}

function ruleOf(cleaned: string, path: string, line: number): Rule {
  const isException = cleaned.startsWith("!");
  const pattern = isException ? cleaned.slice(1) : cleaned;
  try {
    if (pattern === "") throw new Error("an exception names no file");
    return { isException, pattern: new RegExp(`^${expressionOf(pattern)}$`, "su") };
  } catch (cause) {
    throw new BothyError("DOCKERFILE_FAILED", `${path}, line ${line}: \`${cleaned}\` is no pattern`, {
      cause,
    });
  }
}

/** `*` and `?` stay within a name, `**` goes over any number of folders, `[a-z]` and `\x` are as in a shell. */
function expressionOf(pattern: string): string {
  const parts = pattern.matchAll(/\*\*\/?$|\*\*\/?|\*|\?|\[(\^?)((?:\\.|[^\]\\])+)\]|\\(.)|(.)/gsu);
  return [...parts].map((part) => translate(part, part.index + part[0].length === pattern.length)).join("");
}

function translate(part: RegExpExecArray, isLast: boolean): string {
  const [token, not, set, escaped, plain] = part;
  if (token.startsWith("**")) return isLast ? ".*" : "(?:.*/)?";
  if (token === "*") return "[^/]*";
  if (token === "?") return "[^/]";
  if (set !== undefined) return `[${not}${set.replace(/\\(.)/gsu, "$1").replace(/[[\]\\^]/g, "\\$&")}]`;
  if (plain === "[" || plain === "\\") throw new Error(`\`${plain}\` has no end`);
  return (escaped ?? plain ?? "").replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

function decide(rules: readonly Rule[], path: string): boolean {
  const names = path.split("/");
  const chain = names.map((_, index) => names.slice(0, index + 1).join("/")).reverse();
  return rules.reduce(
    (ignored, { isException, pattern }) =>
      isException === ignored && chain.some((each) => pattern.test(each)) ? !isException : ignored,
    false,
  );
}
