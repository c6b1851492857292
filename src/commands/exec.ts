import { Args, Flags } from "@oclif/core";
import { BothyError } from "../errors.ts";
import { exec } from "../operations/exec.ts";
import { PassthroughCommand } from "../passthrough-command.ts";
import { hostEnvironment } from "../system/index.ts";

export default class Exec extends PassthroughCommand {
  static override summary = "run a command in a machine, without a login";
  static override description =
    "Needs neither the machine's SSH server nor, for a container, its network. Runs as root unless told otherwise.";
  static override usage = "exec [MACHINE] [-u USER] [-w DIR] [-e KEY=VALUE]... [-t] -- WORDS...";
  static override examples = [
    "<%= config.bin %> exec web -- systemctl status",
    "<%= config.bin %> exec web -u bothy -t -- bash",
  ];
  static override args = {
    machine: Args.string({
      ignoreStdin: true,
      description: "name, glob or id prefix (default: the project's only machine)",
    }),
  };
  static override flags = {
    user: Flags.string({ char: "u", description: "user name or uid[:gid] (default root)" }),
    workdir: Flags.string({
      char: "w",
      description: "folder to start in (default the user's home)",
      helpValue: "DIR",
    }),
    env: Flags.string({
      char: "e",
      description: "KEY=VALUE, or KEY to pass on this shell's value",
      multiple: true,
      multipleNonGreedy: true,
    }),
    tty: Flags.boolean({ char: "t", description: "give it this terminal" }),
  };

  async run(): Promise<void> {
    const { own, inside } = this.split();
    const { args, flags } = await this.parse(Exec, own);
    if (inside.length === 0) throw noCommand();
    if (flags.tty && !process.stdin.isTTY) throw noTerminal();
    process.exitCode = await exec(await this.context(flags), {
      machine: args.machine,
      argv: inside,
      user: flags.user,
      cwd: flags.workdir,
      env: Object.fromEntries((flags.env ?? []).map(variable)),
      tty: flags.tty,
      stdio: this.stdio(),
    });
  }
}

function variable(text: string): [string, string] {
  const [key = "", ...rest] = text.split("=");
  return [key, rest.length > 0 ? rest.join("=") : (hostEnvironment()[key] ?? "")];
}

function noTerminal(): BothyError {
  return new BothyError("USAGE", "-t gives the command this terminal, and stdin is none", {
    hints: ["leave out -t"],
  });
}

function noCommand(): BothyError {
  return new BothyError("USAGE", "no command to run: put it after `--`", {
    hints: ["bothy exec web -- uname -a"],
  });
}
