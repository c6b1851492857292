import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { type Layout, run } from "../../src/system/index.ts";
import { linkImages } from "./images.ts";
import { residueOf } from "./residue.ts";
import { type CliOptions, type CliResult, runCli } from "./run-cli.ts";
import { tempHome } from "./temp-home.ts";

/** A project in a store of its own, with the built program to drive it. */
export interface Lab extends AsyncDisposable {
  readonly layout: Layout;
  /** The project's folder. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs the built program in the project's folder. */
  bothy(...argv: string[]): Promise<CliResult>;
  bothyWith(argv: readonly string[], options: Partial<CliOptions>): Promise<CliResult>;
  /** Runs it, expects success, and returns its `--json` output. */
  json<T>(...argv: string[]): Promise<T>;
  /** A command in a machine as root; expects success and returns what it printed. */
  inside(machine: string, script: string): Promise<string>;
  /** Replaces bothy.yaml. */
  write(yaml: string): Promise<void>;
}

/** A lab with this project file. Disposing destroys its machines and fails when anything of them is left. */
export async function lab(yaml: string): Promise<Lab> {
  const home = await tempHome();
  await linkImages(home.layout.home);
  const folder = await home.sub("shop");
  const bothyWith = (argv: readonly string[], options: Partial<CliOptions>) =>
    runCli(argv, { cwd: folder, ...options, env: { ...home.env, ...options.env } });
  const bothy = (...argv: string[]) => bothyWith(argv, {});
  const write = (text: string) => writeFile(join(folder, "bothy.yaml"), text);
  await write(yaml);
  return {
    layout: home.layout,
    folder,
    env: home.env,
    bothy,
    bothyWith,
    write,
    json: async (...argv) => JSON.parse(succeeded(await bothy(...argv, "--json"))),
    inside: async (machine, script) => succeeded(await bothy("exec", machine, "--", "sh", "-c", script)),
    [Symbol.asyncDispose]: async () => {
      const ids = await machineIds(home.layout);
      const destroyed = ids.length > 0 ? await bothyWith(["destroy", "-f", ...ids], { cwd: "/" }) : undefined;
      const left = await residueOf(home.layout);
      await home[Symbol.asyncDispose]();
      expect(destroyed?.exitCode ?? 0, destroyed?.stderr).toBe(0);
      expect(left).toEqual([]);
    },
  };
}

/** What a run printed, if it succeeded. */
export function succeeded(result: CliResult): string {
  expect(result.exitCode, result.stderr + result.stdout).toBe(0);
  return result.stdout;
}

async function machineIds(layout: Layout): Promise<string[]> {
  const { stdout } = await run(
    ["find", layout.machines(), "-mindepth", "1", "-maxdepth", "1", "-printf", "%f\n"],
    {
      okCodes: [0, 1],
    },
  );
  return stdout.split("\n").filter((id) => id !== "");
}
