/** The program's entry: what bin/run.js loads. */
import { run } from "@oclif/core";
import { asFailure, failureJson, failureText, isExit } from "./failure.ts";
import { packageRoot } from "./system/index.ts";

/** Runs the command on the command line and ends the process with its exit code. */
export async function main(argv = process.argv.slice(2)): Promise<void> {
  try {
    await run(argv, packageRoot);
  } catch (error) {
    if (isExit(error)) process.exit(error.oclif.exit);
    report(argv, error);
  }
  process.exit();
}

/** For what goes wrong before a command runs: an unknown one, a current folder that is gone. */
function report(argv: readonly string[], error: unknown): void {
  const failure = asFailure(error, false);
  process.exitCode = failure.exit;
  if (argv.includes("--json")) process.stdout.write(`${JSON.stringify(failureJson(failure), null, 2)}\n`);
  else process.stderr.write(`${failureText(failure, argv.includes("--debug"))}\n`);
}
