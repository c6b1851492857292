import { type Lookup, substitute } from "./substitute.ts";

/** What a `.env` file says. */
export interface Dotenv {
  readonly values: ReadonlyMap<string, string>;
  readonly problems: readonly DotenvNote[];
  readonly warnings: readonly DotenvNote[];
}

/** A remark about a line of the file. */
export interface DotenvNote {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

const BLANK = /[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/y;
const KEY = /[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*/y;
const SEPARATOR = /[=:][ \t]*/y;
const SINGLE = /'((?:\\'|[^'])*)'/y;
const DOUBLE = /"((?:\\.|[^"\\])*)"/sy;
const REST = /[^\r\n]*/y;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", $: "$$" };

/**
 * Reads a `.env` file by Compose's rules: `export`, comments, quotes over several lines, escapes and variables
 * in double quotes, none in single quotes. `outer` (the environment) wins inside values as it wins over the file.
 */
export function parseDotenv(text: string, outer: Lookup): Dotenv {
  const reader = new Reader(text.replace(/^\uFEFF/, ""), outer);
  while (!reader.atEnd) reader.entry();
  return reader;
}

class Reader implements Dotenv {
  readonly values = new Map<string, string>();
  readonly problems: DotenvNote[] = [];
  readonly warnings: DotenvNote[] = [];
  readonly #text: string;
  readonly #outer: Lookup;
  #at = 0;
  /** Where the entry that is read begins. */
  #start = 0;

  constructor(text: string, outer: Lookup) {
    this.#text = text;
    this.#outer = outer;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Reads a blank line, a comment or one `KEY=VALUE`, whatever its length. */
  entry(): void {
    this.#start = this.#at;
    if (this.#take(BLANK)) return;
    const fault = this.#assignment();
    if (fault) this.#fail(fault);
  }

  /** What is wrong with the assignment, if anything. */
  #assignment(): string | undefined {
    const key = this.#take(KEY)?.[1];
    if (!key) return "expected `KEY=VALUE`";
    if (!this.#take(SEPARATOR)) return this.#take(BLANK) ? undefined : `expected "=" after "${key}"`;
    const value = this.#value();
    if (value === undefined) return `the quote of "${key}" is not closed`;
    this.values.set(key, value);
    return this.#take(BLANK) ? undefined : `text after the closing quote of "${key}"`;
  }

  #value(): string | undefined {
    const first = this.#text[this.#at];
    if (first === "'") return this.#take(SINGLE)?.[1]?.replaceAll("\\'", "'");
    if (first === '"') {
      const quoted = this.#take(DOUBLE)?.[1];
      return quoted === undefined ? undefined : this.#expand(readEscapes(quoted));
    }
    const rest = this.#take(REST)?.[0] ?? "";
    return this.#expand(rest.replace(/(^|[ \t])#.*$/, "").trim());
  }

  #expand(text: string): string {
    const result = substitute(text, (name) => this.#outer(name) ?? this.values.get(name));
    const line = this.#line();
    this.problems.push(...result.problems.map((message) => ({ line, message })));
    this.warnings.push(...result.unset.map((name) => ({ line, message: unsetWarning(name) })));
    return result.text;
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }

  /** Reports the entry and goes on behind its line. */
  #fail(message: string): void {
    this.problems.push({ line: this.#line(), message });
    const end = this.#text.indexOf("\n", this.#at);
    this.#at = end < 0 ? this.#text.length : end + 1;
  }

  #line(): number {
    return this.#text.slice(0, this.#start).split("\n").length;
  }
}

/** How a variable without a value is announced. */
export function unsetWarning(name: string): string {
  return `the variable "${name}" is not set and counts as empty`;
}

function readEscapes(text: string): string {
  return text.replace(/\\([nrt$"\\])/g, (_, character: string) => ESCAPES[character] ?? character);
}
