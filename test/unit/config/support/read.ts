import { formatProblem } from "../../../../src/config/problems.ts";
import { type Reading, readProject } from "../../../../src/config/read.ts";

/** Reads a project file called bothy.yaml in a folder `shop`. */
export function read(text: string, env: Readonly<Record<string, string>> = {}): Reading {
  const lookup = (name: string) => (Object.hasOwn(env, name) ? env[name] : undefined);
  return readProject({ file: "bothy.yaml", text, folderName: "shop", lookup });
}

/** Everything that is wrong with a file, one line each. */
export function problemsOf(text: string, env?: Readonly<Record<string, string>>): string[] {
  return read(text, env).problems.map(formatProblem);
}

/** The configuration of a file that must be right. */
export function configOf(text: string, env?: Readonly<Record<string, string>>) {
  const { config, problems } = read(text, env);
  if (!config) throw new Error(problems.map(formatProblem).join("\n"));
  return config;
}

/** The only machine of a file with these lines under `machines.web`. */
export function machineOf(lines: string, env?: Readonly<Record<string, string>>) {
  const [machine] = configOf(machineFile(lines), env).machines;
  if (!machine) throw new Error("no machine");
  return machine;
}

/** A file with one machine `web`, which has a box and these lines. */
export function machineFile(lines: string): string {
  const indented = lines.split("\n").map((line) => `    ${line}`);
  return ["machines:", "  web:", "    box: debian/12", ...indented, ""].join("\n");
}
