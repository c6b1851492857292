import { openSession, sshCommand } from "../connections/index.ts";
import { BothyError } from "../errors.ts";
import { shellQuote } from "../system/index.ts";
import type { Context } from "./context.ts";
import { inTerminal } from "./exec.ts";
import { pump, type Stdio } from "./pump.ts";
import { runningMachine } from "./running.ts";
import { sshTarget } from "./ssh-target.ts";

/** What `ssh` was asked for. */
export interface SshOptions {
  readonly machine?: string | undefined;
  /** One command line, as `-c` gives it. */
  readonly command?: string | undefined;
  /** Words after `--`; each reaches the command as it is. */
  readonly argv?: readonly string[] | undefined;
  readonly stdio: Stdio;
}

/** A login shell on the caller's terminal, or one command; returns the exit code of what ran inside. */
export async function ssh(ctx: Context, options: SshOptions): Promise<number> {
  if (options.command !== undefined && options.argv?.length) {
    throw new BothyError("USAGE", "a command either after -c or after `--`, not both", {
      hints: ["bothy ssh web -c 'uname -r; df -h /'", "bothy ssh web -- ls -l /srv"],
    });
  }
  const { record, ip } = await runningMachine(ctx, options.machine);
  const target = await sshTarget(ctx, record, ip);
  const line =
    options.command ?? (options.argv && options.argv.length > 0 ? shellQuote(options.argv) : undefined);
  await using session = await openSession(target, { signal: ctx.signal });
  if (line === undefined) return await inTerminal(await sshCommand(target)); // the login above tells what is wrong, as ours
  return await pump(await session.exec(line), options.stdio, ctx.signal);
}
