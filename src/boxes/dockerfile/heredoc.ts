/** A body that follows an instruction: `<<EOF` ... `EOF`. */
export interface Heredoc {
  /** What ends it, and the file's name in a COPY. */
  readonly word: string;
  /** Whether the word is quoted: variables in the body stay as they are. */
  readonly literal: boolean;
  /** `<<-`: tabs at the beginning of its lines are dropped. */
  readonly stripTabs: boolean;
  /** With a line end after each line. */
  readonly body: string;
  /** As it is in the instruction: `<<-"EOF"`. */
  readonly token: string;
}

/** One that was begun; its body follows. */
type Opened = Omit<Heredoc, "body">;

const WITH_HEREDOCS = new Set(["RUN", "COPY", "ADD"]);
const TOKEN = /(?<=^|\s)\d*<<(-?)(["']?)([A-Za-z_][\w.-]*)\2(?=$|[\s;|&>)])/g;

/** The heredocs that an instruction begins. */
export function findHeredocs(keyword: string, rest: string): Opened[] {
  if (!WITH_HEREDOCS.has(keyword) || /^(?:--\S+\s+)*\[/.test(rest)) return [];
  return [...rest.matchAll(TOKEN)].map(([token, dash, quote, word = ""]) => ({
    token,
    word,
    literal: Boolean(quote),
    stripTabs: Boolean(dash),
  }));
}

/** Reads the bodies from the lines after an instruction; `undefined` when one of them does not end. */
export function takeBodies(
  lines: readonly string[],
  start: number,
  opened: readonly Opened[],
): { heredocs: Heredoc[]; next: number } | undefined {
  const heredocs: Heredoc[] = [];
  let next = start;
  for (const heredoc of opened) {
    const clean = (line: string) => (heredoc.stripTabs ? line.replace(/^\t+/, "") : line);
    const length = lines.slice(next).findIndex((line) => clean(line) === heredoc.word);
    if (length < 0) return undefined;
    const body = lines.slice(next, next + length).map((line) => `${clean(line)}\n`);
    heredocs.push({ ...heredoc, body: body.join("") });
    next += length + 1;
  }
  return { heredocs, next };
}
