import { shellQuote } from "../../../system/index.ts";
import type { ExecRequest } from "../../provider.ts";

/**
 * The command line for the guest's shell. `exec`: no shell stays between the server and the command, so
 * that signals and exit codes are the command's own.
 */
export function commandLine({ argv, user, cwd, env = {} }: ExecRequest): string {
  const options = [
    ...(user === undefined ? [] : ["-u", user]),
    ...(cwd === undefined ? [] : ["-w", cwd]),
    ...Object.entries(env).flatMap(([key, value]) => ["-e", `${key}=${value}`]),
  ];
  return shellQuote(["exec", "/.bothy/exec", ...options, "--", ...argv]);
}
