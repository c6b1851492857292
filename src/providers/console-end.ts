import { plainLine } from "../system/index.ts";

/** What a machine's console tells of its end. */
export interface ConsoleEnd {
  /** What its program ended with, where that ended the machine. */
  readonly exitStatus?: number;
  /** Why our side of the guest gave up. */
  readonly words?: string;
}

/** conmon's log gives a line that came in pieces one line a piece; all but the last are `P`. */
const PIECE = /^\S+ stdout (?<kind>[PF]) (?<text>[\s\S]*)$/;
/** The kernel's own remarks, such as the one on turning the power off. */
const KERNEL = /^\[\s*\d+\.\d+\] /;
/** Not at the beginning of a line where the program did not end its own last one. */
const PROGRAM_ENDED = /bothy: the program ended with exit status (\d+)$/;
const OURS = /^bothy: (.+)$/;

/** Reads the end of what one run said on its console; see docs/guest.md. */
export function readConsoleEnd(console: string): ConsoleEnd {
  const lines = joinPieces(console.split("\n")).map(plainLine);
  const last = lines.findLast((line) => line.trim() !== "" && !KERNEL.test(line)) ?? "";
  const status = PROGRAM_ENDED.exec(last)?.[1];
  if (status !== undefined) return { exitStatus: Number(status) };
  const words = OURS.exec(last)?.[1];
  return words === undefined ? {} : { words };
}

/** The same in a machine's state; `otherwise` says what the backend knows of the end. */
export function describeEnd({ exitStatus, words }: ConsoleEnd, otherwise: string) {
  if (exitStatus !== undefined)
    return { reason: `its program ended with exit status ${exitStatus}`, exitStatus };
  return { reason: words === undefined ? otherwise : `${otherwise}: ${words}` };
}

function joinPieces(lines: readonly string[]): string[] {
  let begun = "";
  return lines.flatMap((line) => {
    const { kind, text = line } = PIECE.exec(line)?.groups ?? {};
    const whole = begun + text;
    begun = kind === "P" ? whole : "";
    return kind === "P" ? [] : [whole];
  });
}
