import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { type Command, Config } from "@oclif/core";
import { captureOutput } from "@oclif/test";
import { asset } from "../../src/system/index.ts";

/** A command's class, and the words that call it. */
export interface SourceCommand {
  readonly id: string;
  readonly command: Command.Class;
}

/** Every command of the sources, without a build. */
export async function sourceCommands(): Promise<SourceCommand[]> {
  const root = asset("src", "commands");
  const files = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  return Promise.all(
    paths.sort().map(async (path) => {
      const module = (await import(path)) as { default: Command.Class };
      const id = relative(root, path).replace(/\.ts$/, "").replaceAll("/", " ");
      return { id, command: module.default };
    }),
  );
}

/** Runs a command of the sources in this process; needs `disableConsoleIntercept`. */
export async function runSource(
  id: string,
  argv: readonly string[],
): Promise<{ stdout: string; stderr: string }> {
  const { command } = (await sourceCommands()).find((one) => one.id === id) ?? {};
  if (!command) throw new Error(`no command "${id}"`);
  const config = await Config.load({ root: asset() });
  const { stdout, stderr } = await captureOutput(() => command.run([...argv], config));
  return { stdout, stderr };
}
