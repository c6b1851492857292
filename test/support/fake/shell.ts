import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { Io } from "./process.ts";

/** What a shell needs of its machine. */
export interface ShellHost {
  run(io: Io): Promise<number>;
  readFile(path: string): Buffer | undefined;
  writeFile(path: string, content: Buffer): void;
  /** Counts one more process; false when the machine may not have it. */
  fork(): boolean;
}

interface Command {
  readonly words: string[];
  readonly redirects: { operator: string; path: string }[];
  /** What stands behind it: `;`, `&&`, `||`, `&` or nothing. */
  readonly separator: string;
}

const TOKEN = /\s*(?:(&&|\|\||;|&|2>&1|>&2|>>|>|<)|((?:'[^']*'|"[^"]*"|[^\s;&|<>'"])+))/y;

/** Runs a line of the very small shell that conformance tests need: lists, quotes, variables, redirects, `&`. */
export async function runShell(line: string, io: Io, host: ShellHost): Promise<number> {
  let code = 0;
  let skip = false;
  for (const command of parse(line, io.env)) {
    if (!skip) {
      if (command.words[0] === "exit") return Number(command.words[1] ?? code);
      if (command.separator === "&" && !host.fork()) {
        await io.err("sh: can't fork: Resource temporarily unavailable\n");
        return 2;
      }
      if (command.separator !== "&") code = await runCommand(command, io, host);
    }
    skip = (command.separator === "&&" && code !== 0) || (command.separator === "||" && code === 0);
  }
  return code;
}

async function runCommand({ words, redirects }: Command, io: Io, host: ShellHost): Promise<number> {
  if (words[0] === "kill") return io.end({ KILL: 9, TERM: 15 }[words[1]?.slice(1) ?? ""] ?? 15);
  if (words[0] === "read") return (await buffer(io.stdin)).length > 0 ? 0 : 1;
  let child: Io = { ...io, argv: words };
  const chunks: Buffer[] = [];
  const collect = async (chunk: Buffer | string) => void chunks.push(Buffer.from(chunk));
  const target = redirects.find(({ operator }) => operator === ">" || operator === ">>");
  for (const { operator, path } of redirects) {
    if (operator === ">&2") child = { ...child, out: io.err };
    if (operator === "2>&1") child = { ...child, err: child.out };
    if (operator === ">" || operator === ">>") child = { ...child, out: collect };
    if (operator === "<") child = { ...child, stdin: Readable.from([host.readFile(path) ?? ""]) };
  }
  const code = await host.run(child);
  if (target) {
    const before =
      target.operator === ">>" ? (host.readFile(target.path) ?? Buffer.alloc(0)) : Buffer.alloc(0);
    host.writeFile(target.path, Buffer.concat([before, ...chunks]));
  }
  return code;
}

function parse(line: string, env: Readonly<Record<string, string>>): Command[] {
  const commands: Command[] = [];
  let [words, redirects]: [string[], Command["redirects"]] = [[], []];
  const end = (separator: string) => {
    if (words[0] === "exec") words.shift(); // there is only one process anyway
    if (words.length > 0) commands.push({ words, redirects, separator });
    [words, redirects] = [[], []];
  };
  const tokens = [...line.trim().matchAll(new RegExp(TOKEN, "gy"))];
  for (let index = 0; index < tokens.length; index++) {
    const [, operator, word] = tokens[index] ?? [];
    if (word !== undefined) words.push(expand(word, env));
    else if (operator === ">&2" || operator === "2>&1") redirects.push({ operator, path: "" });
    else if (operator?.includes(">") || operator === "<")
      redirects.push({ operator, path: expand(tokens[++index]?.[2] ?? "", env) });
    else end(operator ?? "");
  }
  end("");
  return commands;
}

/** Takes the quotes away and puts variables in. */
function expand(word: string, env: Readonly<Record<string, string>>): string {
  const variables = (text: string) =>
    text.replace(/\$(\w+|\$)/g, (_, name: string) => (name === "$" ? "42" : (env[name] ?? "")));
  return [...word.matchAll(/'([^']*)'|"([^"]*)"|([^'"]+)/g)]
    .map(([, single, double, bare]) => single ?? variables(double ?? bare ?? ""))
    .join("");
}
