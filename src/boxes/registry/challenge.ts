/** One way in that a registry offers (RFC 9110, 11.6.1). */
export interface Challenge {
  /** Lower-case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Keys in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const PARAMETER = /([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/y;
const SCHEME = /[\w-]+/y;

/** Reads `WWW-Authenticate`, which may offer several; what is not understood is left out. */
export function parseChallenges(header: string): Challenge[] {
  const found: { scheme: string; parameters: Record<string, string> }[] = [];
  for (let at = 0; at < header.length; ) {
    PARAMETER.lastIndex = SCHEME.lastIndex = at;
    const parameter = PARAMETER.exec(header);
    const scheme = parameter ? undefined : SCHEME.exec(header)?.[0];
    if (scheme) found.push({ scheme: scheme.toLowerCase(), parameters: {} });
    const [, name = "", quoted, bare = ""] = parameter ?? [];
    const current = found.at(-1);
    if (parameter && current) current.parameters[name.toLowerCase()] = unquote(quoted) ?? bare;
    at += Math.max(1, (parameter?.[0] ?? scheme ?? "").length);
  }
  return found;
}

function unquote(text: string | undefined): string | undefined {
  return text?.replace(/\\(.)/g, "$1");
}
