/** The value of a variable, or `undefined` when it is not set. */
export type Lookup = (name: string) => string | undefined;

/** A text with its variables replaced. */
export interface Substituted {
  readonly text: string;
  /** Variables that are not set and have no default: they count as empty. */
  readonly unset: readonly string[];
  /** What is wrong, such as a missing brace or a `:?` variable without a value. */
  readonly problems: readonly string[];
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const BRACED = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?)([-?+])(.*))?$/s;

/** Replaces `$VAR`, `${VAR}`, `${VAR:-default}` and the other forms of Compose; `$$` is a dollar sign. */
export function substitute(text: string, lookup: Lookup): Substituted {
  const found = { unset: [] as string[], problems: [] as string[], lookup };
  return { text: expand(text, found), unset: found.unset, problems: found.problems };
}

type Found = { readonly unset: string[]; readonly problems: string[]; readonly lookup: Lookup };

function expand(text: string, found: Found): string {
  let result = "";
  let at = 0;
  for (let dollar = text.indexOf("$"); dollar >= 0; dollar = text.indexOf("$", at)) {
    const piece = pieceAt(text, dollar, found);
    result += text.slice(at, dollar) + piece.value;
    at = piece.end;
  }
  return result + text.slice(at);
}

/** What stands for the text from a dollar sign on, and where the rest begins. */
function pieceAt(text: string, dollar: number, found: Found): { value: string; end: number } {
  const next = text[dollar + 1];
  if (next === "$") return { value: "$", end: dollar + 2 };
  if (next === "{") return bracedAt(text, dollar, found);
  NAME.lastIndex = dollar + 1;
  const name = NAME.exec(text)?.[0];
  if (name) return { value: plain(name, found), end: dollar + 1 + name.length };
  found.problems.push(
    `"$" before ${next ? JSON.stringify(next) : "the end"} names no variable; write "$$" for a dollar sign`,
  );
  return { value: "$", end: dollar + 1 };
}

function bracedAt(text: string, dollar: number, found: Found): { value: string; end: number } {
  const close = closingBrace(text, dollar + 1);
  if (close < 0) {
    found.problems.push(`"\${" is not closed; write "$$" for a dollar sign`);
    return { value: "", end: text.length };
  }
  return { value: braced(text.slice(dollar + 2, close), found), end: close + 1 };
}

function closingBrace(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) return at;
  }
  return -1;
}

/** The value of `VAR`, `VAR:-word` and so on; a word is looked at only when it is needed. */
function braced(body: string, found: Found): string {
  const [matched, name = "", colon, operator, word = ""] = BRACED.exec(body) ?? [];
  if (matched === undefined) {
    found.problems.push(`"\${${body}}" is no variable; write "$$" for a dollar sign`);
    return "";
  }
  if (!operator) return plain(name, found);
  const value = found.lookup(name);
  const has = colon ? Boolean(value) : value !== undefined;
  if (operator === "+") return has ? expand(word, found) : "";
  if (has) return value ?? "";
  if (operator === "-") return expand(word, found);
  const reason = expand(word, found);
  found.problems.push(
    `the variable "${name}" is ${value === "" ? "empty" : "not set"}${reason ? `: ${reason}` : ""}`,
  );
  return "";
}

function plain(name: string, found: Found): string {
  const value = found.lookup(name);
  if (value === undefined) found.unset.push(name);
  return value ?? "";
}
