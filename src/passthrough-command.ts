import { BaseCommand } from "./base-command.ts";
import { BothyError, EXIT } from "./errors.ts";
import type { Stdio } from "./operations/pump.ts";

/** A command that runs another inside a machine: words after `--` are that one's, and so is the exit code. */
export abstract class PassthroughCommand extends BaseCommand {
  static override enableJsonFlag = false;
  protected override readonly failureExit = EXIT.execFailed;

  /** Our own words and those of the command inside, split at the first `--`. */
  protected split(): { own: string[]; inside: string[] } {
    const dashes = this.argv.indexOf("--");
    if (dashes < 0) return { own: withoutCommand(this.argv), inside: [] };
    return { own: this.argv.slice(0, dashes), inside: this.argv.slice(dashes + 1) };
  }

  /** The caller's streams; a terminal as stdin is only given to commands that ask for one. */
  protected stdio(): Stdio {
    const { stdin, stdout, stderr } = process;
    return { stdin: stdin.isTTY ? undefined : stdin, stdout, stderr };
  }
}

/** Two words that are no flags can only be a machine and the beginning of a command. */
function withoutCommand(argv: string[]): string[] {
  const [machine, command] = argv;
  if (machine === undefined || command === undefined || machine.startsWith("-") || command.startsWith("-"))
    return argv;
  throw new BothyError("USAGE", `what is "${command}"? A command goes after \`--\``, {
    hints: [
      `bothy exec ${machine} -- ${argv.slice(1).join(" ")}`,
      `bothy ssh ${machine} -- ${argv.slice(1).join(" ")}`,
    ],
  });
}
