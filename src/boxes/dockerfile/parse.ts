import { BothyError } from "../../errors.ts";
import { findHeredocs, type Heredoc, takeBodies } from "./heredoc.ts";

/** One instruction of a Dockerfile. */
export interface Instruction {
  /** In capitals: `RUN`. */
  readonly keyword: string;
  /** What follows the keyword, its lines joined. */
  readonly rest: string;
  /** Where it begins, from 1. */
  readonly line: number;
  readonly heredocs: readonly Heredoc[];
}

/** The instructions from one FROM to the next. */
export interface Stage {
  readonly name?: string | undefined;
  readonly image: string;
  /** FROM is the first. */
  readonly instructions: readonly Instruction[];
}

/** A Dockerfile as far as bothy reads it; what the instructions mean is buildah's. */
export interface Dockerfile {
  readonly path: string;
  /** The ARGs above the first FROM. */
  readonly head: readonly Instruction[];
  readonly stages: readonly Stage[];
  /** `\`, or the backtick of an `# escape=` directive. */
  readonly escaper: string;
  /** The directives at its top, as they are. */
  readonly directives: readonly string[];
}

const DIRECTIVE = /^#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*$/;
const FROM = /^(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*$/i;

/**
 * Reads a Dockerfile into instructions, with the lines they are on (docs.docker.com/reference/dockerfile).
 * @throws BothyError `DOCKERFILE_FAILED` for a heredoc without an end.
 */
export function parseDockerfile(path: string, text: string): Dockerfile {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const directives = readDirectives(lines);
  const escaper = directives.get("escape") === "`" ? "`" : "\\";
  const instructions = readInstructions(path, lines, escaper);
  const first = instructions.findIndex(({ keyword }) => keyword === "FROM");
  const head = first < 0 ? instructions : instructions.slice(0, first);
  const raw = lines.slice(0, directives.size).filter((line) => DIRECTIVE.test(line));
  return { path, head, stages: readStages(instructions.slice(head.length)), escaper, directives: raw };
}

/** Only comments at the very top, of the form `# key=value`, are directives. */
function readDirectives(lines: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of lines) {
    const [, key, value] = DIRECTIVE.exec(line) ?? [];
    if (key === undefined || value === undefined || found.has(key.toLowerCase())) break;
    found.set(key.toLowerCase(), value);
  }
  return found;
}

function readInstructions(path: string, lines: readonly string[], escaper: string): Instruction[] {
  const found: Instruction[] = [];
  for (let at = 0; at < lines.length; ) {
    const { text, next } = logicalLine(lines, at, escaper);
    const [, word, rest = ""] = /^\s*(\S+)\s*(.*)$/s.exec(text) ?? [];
    const line = at + 1;
    at = next;
    if (word === undefined) continue;
    const keyword = word.toUpperCase();
    const opened = findHeredocs(keyword, rest);
    const bodies = takeBodies(lines, at, opened);
    if (!bodies) throw unterminated(path, line, opened[0]?.word ?? "");
    at = bodies.next;
    found.push({ keyword, rest: rest.trimEnd(), line, heredocs: bodies.heredocs });
  }
  return found;
}

/** One line with those that continue it; comments and empty lines between them do not count. */
function logicalLine(
  lines: readonly string[],
  start: number,
  escaper: string,
): { text: string; next: number } {
  const goesOn = escaper === "`" ? /`[ \t]*$/ : /\\[ \t]*$/;
  let text = "";
  for (let at = start; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (/^\s*#/.test(line) || (text !== "" && line.trim() === "")) {
      if (text === "") return { text, next: at + 1 };
      continue;
    }
    text += line.replace(goesOn, "");
    if (!goesOn.test(line)) return { text, next: at + 1 };
  }
  return { text, next: lines.length };
}

function readStages(instructions: readonly Instruction[]): Stage[] {
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const instruction of instructions) {
    if (instruction.keyword === "FROM") {
      const [, image = "", name] = FROM.exec(instruction.rest) ?? [];
      stages.push({ image, name, instructions: [instruction] });
    } else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

function unterminated(path: string, line: number, word: string): BothyError {
  return new BothyError("DOCKERFILE_FAILED", `${path}, line ${line}: no line \`${word}\` ends the heredoc`, {
    hints: [`the closing \`${word}\` stands alone on its line, without blanks before it (but for \`<<-\`)`],
  });
}
