/** The program's entry: what bin/run.js loads. */
import { execute } from "@oclif/core";
import { packageRoot } from "./system/index.ts";

/** Runs the command on the command line and ends the process with its exit code. */
export async function main(): Promise<void> {
  await execute({ dir: packageRoot });
  process.exit();
}
