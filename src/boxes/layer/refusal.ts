import { BothyError } from "../../errors.ts";

/** Why an archive is not unpacked; `explainRefusal` makes the user's error of it. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  /** The entry's name as it stands in the archive, one character a byte; absent when no entry could be read. */
  readonly entry: string | undefined;

  constructor(why: string, entry?: string) {
    super(why);
    this.entry = entry;
  }
}

/** `ARCHIVE_REFUSED` with archive, entry and reason for a `Refusal`; every other error stays what it is. */
export function explainRefusal(error: unknown, title: string): unknown {
  if (!(error instanceof Refusal)) return error;
  const what = error.entry === undefined ? "it" : `its entry \`${showName(error.entry)}\``;
  return new BothyError("ARCHIVE_REFUSED", `\`${title}\` is refused: ${what} ${error.message}`, {
    hints: ["nothing of it was kept; ask whoever made it for a clean one"],
    cause: error,
  });
}

/** A name for people: as UTF-8 where it is, and nothing in it that moves a terminal's cursor. */
export function showName(name: string): string {
  const text = Buffer.from(name.slice(0, 300), "latin1").toString("utf8");
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}
