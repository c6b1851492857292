import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { BothyError, ERROR_CODES, type ErrorCode } from "../../src/errors.ts";
import { type CliResult, runCli } from "./run-cli.ts";
import { type TempHome, tempHome } from "./temp-home.ts";

/** A project's folder and a store for the tests of one file; the folder is empty again before each test. */
export interface CliProject {
  readonly home: TempHome;
  readonly folder: string;
  /** Runs the built program in the folder. */
  bothy(...argv: string[]): Promise<CliResult>;
  /** Writes bothy.yaml. */
  write(text: string): Promise<void>;
}

/** Registers the hooks of a `CliProject` in the file that calls it. */
export function cliProject(): CliProject {
  let home: TempHome;
  let folder: string;
  beforeAll(async () => {
    home = await tempHome();
  });
  beforeEach(async () => {
    folder = await home.sub("shop");
    await rm(folder, { recursive: true });
    await mkdir(folder);
  });
  afterAll(() => home[Symbol.asyncDispose]());
  return {
    get home() {
      return home;
    },
    get folder() {
      return folder;
    },
    bothy: (...argv) => runCli(argv, { cwd: folder, env: home.env }),
    write: (text) => writeFile(join(folder, "bothy.yaml"), text),
  };
}

/** One message: what, what to do, where it is explained; nothing on stdout, nothing else on stderr. */
export function expectFailure(
  result: CliResult,
  code: ErrorCode,
  message: string | RegExp,
  exit?: number,
): void {
  expect(result.stdout).toBe("");
  const { ref } = new BothyError(code, "");
  const lines = result.stderr.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^error: /);
  expect(lines.at(-1)).toBe(`  see: ${ref}`);
  expect(lines.filter((line) => line.startsWith("error: "))).toHaveLength(1);
  expect(result.stderr).not.toMatch(/\n\s+at |unexpected: /);
  expect(result.stderr).toMatch(message);
  expect(result.exitCode).toBe(exit ?? ERROR_CODES[code][0]);
}
