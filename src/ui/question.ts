import { createInterface } from "node:readline/promises";
import { BothyError } from "../errors.ts";

/** Asks a yes-or-no question on the terminal; anything but yes is no. */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim());
  } catch (error) {
    throw new BothyError("INTERRUPTED", "interrupted; nothing was done", { cause: error }); // Ctrl-C or Ctrl-D
  } finally {
    terminal.close();
  }
}
