import { BothyError, hasErrno, messageOf } from "./errors.ts";
import { diskFull, plainLine } from "./system/index.ts";

/** What oclif throws to end the program early, as `--help` does. */
export function isExit(error: unknown): error is Error & { oclif: { exit: number } } {
  return error instanceof Error && (error as { code?: string }).code === "EEXIT";
}

/**
 * Any error as one of ours: ours as it is, wrong arguments as `USAGE`, a full disk as `DISK_FULL`, whatever comes of an
 * interrupt as `INTERRUPTED`, and the rest as a bug.
 */
export function asFailure(error: unknown, interrupted: boolean): BothyError {
  if (interrupted) return interruption(error);
  if (error instanceof BothyError) return error;
  const path = (error as NodeJS.ErrnoException | undefined)?.path ?? "the store";
  const translated = diskFull(error, path);
  if (translated instanceof BothyError) return translated;
  if (hasErrno(error, "ENOENT") && error.syscall === "uv_cwd") {
    return new BothyError("USAGE", "the current folder is gone", { hints: ["cd ~"], cause: error });
  }
  if (isUsage(error)) {
    const message = messageOf(error)
      .replace(/\nSee more help.*/s, "")
      .replace(/^command (.*) not found$/, (_, id: string) => `no command "${id.replaceAll(":", " ")}"`);
    return new BothyError("USAGE", message, {
      hints: ["`bothy --help`, or --help behind any command"],
      cause: error,
    });
  }
  const hints = ["this is a defect of bothy: please report it with the output of --debug"];
  return new BothyError("BUG", `unexpected: ${messageOf(error)}`, { hints, cause: error });
}

/** The failure for `--json`. */
export function failureJson({ code, message, hints, ref, ...rest }: BothyError): unknown {
  const problems = (rest as { problems?: unknown }).problems;
  return { error: { code, message, hints, ref, ...(problems === undefined ? {} : { problems }) } };
}

/** The failure for a person: what, what to do, where to read on. */
export function failureText(failure: BothyError, withStack: boolean): string {
  const hints = failure.hints.map((hint) => `  try: ${hint}`);
  const stack = withStack ? [String(failure.stack ?? ""), ...causes(failure)] : [];
  const all = [`error: ${failure.message}`, ...hints, `  see: ${failure.ref}`, ...stack];
  return all.flatMap((text) => text.split("\n").map(plainLine)).join("\n"); // servers and images have a say in it
}

function interruption(error: unknown): BothyError {
  if (error instanceof BothyError && error.code === "INTERRUPTED") return error;
  return new BothyError("INTERRUPTED", "interrupted", { cause: error });
}

/** oclif's own errors about arguments carry the parser's output or the exit code for it. */
function isUsage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (error as { oclif?: { exit?: number } }).oclif?.exit === 2 || "parse" in error;
}

function causes(failure: Error): string[] {
  return failure.cause instanceof Error
    ? [`caused by: ${failure.cause.stack ?? failure.cause.message}`, ...causes(failure.cause)]
    : [];
}
