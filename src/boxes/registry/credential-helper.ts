import * as z from "zod";
import { BothyError } from "../../errors.ts";
import { CommandError, hostEnvironment, run } from "../../system/index.ts";
import type { Credential } from "./credentials.ts";

/** As helpers answer; the user `<token>` means that the secret is an identity token. */
const answerSchema = z.object({ Username: z.string(), Secret: z.string() });
const TOKEN_USER = "<token>";
/** A keychain may ask its owner. */
const TIMEOUT_MS = 60_000;

/**
 * Asks `docker-credential-NAME` for a server's login; `undefined` when it has none.
 * @throws BothyError `CREDENTIALS_INVALID` when it is not there or fails. What it printed on stdout is never shown.
 */
export async function askHelper(name: string, server: string): Promise<Credential | undefined> {
  const program = `docker-credential-${name}`;
  if (!/^[\w.-]+$/.test(name)) throw failed(program, "that can be no name of a program");
  const result = await run([program, "get"], {
    ...{ input: server, timeoutMs: TIMEOUT_MS, env: callersEnvironment(), okCodes: [0, 1] },
  }).catch((error: unknown) => {
    throw translate(error, program);
  });
  if (result.exitCode === 1) {
    if (/credentials not found|no credentials/i.test(result.stdout + result.stderr)) return undefined;
    throw failed(program, result.stderr.trim() || "it failed");
  }
  return read(result.stdout, program);
}

function read(stdout: string, program: string): Credential | undefined {
  let json: unknown;
  try {
    json = JSON.parse(stdout);
  } catch {
    throw failed(program, "its answer is no JSON");
  }
  const parsed = answerSchema.safeParse(json);
  if (!parsed.success) throw failed(program, "its answer has no Username and Secret");
  const { Username: user, Secret: secret } = parsed.data;
  if (!user && !secret) return undefined;
  if (user === TOKEN_USER) return { shown: `an identity token (from ${program})`, identityToken: secret };
  return { shown: `\`${user}\` (from ${program})`, user, password: secret };
}

/** Helpers reach keychains, agents and clouds through the caller's variables. */
function callersEnvironment(): Record<string, string> {
  const all = Object.entries(hostEnvironment());
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** The failed command is no cause here: it carries what the helper printed. */
function translate(error: unknown, program: string): unknown {
  if (error instanceof CommandError) {
    return failed(program, error.result.stderr.trim() || `exit code ${error.result.exitCode}`);
  }
  if (!(error instanceof BothyError)) return error;
  if (error.code === "TOOL_MISSING") return failed(program, "it is not installed", error);
  return error.code === "TIMEOUT" ? failed(program, "it did not answer in a minute", error) : error;
}

function failed(program: string, why: string, cause?: unknown): BothyError {
  return new BothyError("CREDENTIALS_INVALID", `cannot get credentials from \`${program}\`: ${why}`, {
    hints: [
      "install it, or remove it from `credsStore` and `credHelpers` of Docker's config.json",
      "to go on without credentials: DOCKER_CONFIG=/nowhere in front of the command",
    ],
    cause,
  });
}
