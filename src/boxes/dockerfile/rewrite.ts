import { BothyError } from "../../errors.ts";
import { digestOfText } from "../digest.ts";
import type { Heredoc } from "./heredoc.ts";
import type { Dockerfile, Instruction } from "./parse.ts";

/** A file that a COPY brings along in its body. */
export interface InlineFile {
  /** The build context that it is in. */
  readonly context: string;
  readonly name: string;
  readonly content: string;
}

/** A Dockerfile that every buildah understands. */
export interface Rewritten {
  readonly text: string;
  readonly files: readonly InlineFile[];
}

const DEFAULT_SHELL = ["/bin/sh", "-c"];

/**
 * Turns heredocs, which buildah reads from 1.33 on and Debian 12 has 1.28, into what it does read: a RUN with one into
 * the exec form with the same shell, a COPY with one into a COPY from a build context of its own. Without heredocs
 * the text stays as it is. Stages and instructions keep their numbers.
 * @throws BothyError `DOCKERFILE_FAILED` for a COPY whose body has variables.
 */
export function rewriteHeredocs(dockerfile: Dockerfile, text: string): Rewritten {
  const { head, stages, directives } = dockerfile;
  const all = [...head, ...stages.flatMap(({ instructions }) => instructions)];
  if (all.every(({ heredocs }) => heredocs.length === 0))
    return { text: text.replace(/^\uFEFF/, ""), files: [] };
  const files: InlineFile[] = [];
  const shells = shellsOf(dockerfile);
  const lines = all.map((instruction) => {
    const { keyword, rest, heredocs } = instruction;
    if (heredocs.length === 0) return `${keyword} ${rest}`;
    if (keyword === "RUN") return rewriteRun(instruction, shells.get(instruction) ?? DEFAULT_SHELL);
    return rewriteCopy(dockerfile.path, instruction, files);
  });
  return { text: `${[...directives, ...lines].join("\n")}\n`, files };
}

/** The shell that holds for each instruction; a stage inherits that of the stage it is from. */
function shellsOf({ stages }: Dockerfile): Map<Instruction, readonly string[]> {
  const held = new Map<Instruction, readonly string[]>();
  const lasts = new Map<string, readonly string[]>();
  for (const { image, name, instructions } of stages) {
    let shell = lasts.get(image.toLowerCase()) ?? DEFAULT_SHELL;
    for (const instruction of instructions) {
      if (instruction.keyword === "SHELL") shell = wordsOf(instruction.rest) ?? shell;
      held.set(instruction, shell);
    }
    if (name !== undefined) lasts.set(name.toLowerCase(), shell);
  }
  return held;
}

function wordsOf(json: string): string[] | undefined {
  try {
    return JSON.parse(json) as string[];
  } catch {
    return undefined;
  }
}

function rewriteRun({ rest, heredocs }: Instruction, shell: readonly string[]): string {
  const { flags, words } = splitFlags(rest);
  const [first] = heredocs;
  const isScript = first !== undefined && heredocs.length === 1 && words === first.token;
  const script = isScript ? scriptOf(first) : [words, ...heredocs.map(bodyAndEnd)].join("\n");
  return `RUN ${flags}${JSON.stringify([...shell, script])}`;
}

/** A body that is the whole command: a script for the shell, or for the program that its first line names. */
function scriptOf(heredoc: Heredoc): string {
  const interpreter = /^#!\s*(.+)\n/.exec(heredoc.body)?.[1];
  if (interpreter === undefined) return heredoc.body;
  return `${interpreter.trim()} /dev/stdin <<'${heredoc.word}'\n${bodyAndEnd(heredoc)}`;
}

function bodyAndEnd({ body, word }: Heredoc): string {
  return `${body}${word}\n`;
}

function rewriteCopy(path: string, { line, rest, heredocs }: Instruction, files: InlineFile[]): string {
  const { flags, words } = splitFlags(rest);
  const others = heredocs.reduce((text, { token }) => text.replace(token, ""), words).trim();
  if (/\s/.test(others)) throw unsupported(path, line, "files beside a heredoc", "use a COPY for each");
  const content = digestOfText(JSON.stringify(heredocs.map(({ word, body }) => [word, body])));
  const context = `bothy-heredoc-${content.slice(0, 12)}`; // what a cached step is known by
  for (const { word, body, literal } of heredocs) {
    if (!literal && /[$\\]/.test(body)) {
      throw unsupported(
        path,
        line,
        "variables in a heredoc",
        `quote its word, \`<<"${word}"\`, to take it as it is`,
      );
    }
    files.push({ context, name: word, content: body });
  }
  const names = heredocs.map(({ word }) => `/${word}`);
  return `COPY ${flags}--from=${context} ${names.join(" ")} ${others}`;
}

function splitFlags(rest: string): { flags: string; words: string } {
  const flags = /^(?:--\S+\s+)*/.exec(rest)?.[0] ?? "";
  return { flags, words: rest.slice(flags.length).trim() };
}

function unsupported(path: string, line: number, what: string, hint: string): BothyError {
  return new BothyError("DOCKERFILE_FAILED", `${path}, line ${line}: a COPY cannot have ${what} here`, {
    hints: [hint],
  });
}
