import { Args, Flags } from "@oclif/core";
import { ssh } from "../operations/ssh.ts";
import { PassthroughCommand } from "../passthrough-command.ts";

export default class Ssh extends PassthroughCommand {
  static override summary = "log in to a machine, or run one command there";
  static override usage = "ssh [MACHINE] [-c COMMAND | -- WORDS...]";
  static override examples = [
    "<%= config.bin %> ssh web",
    "<%= config.bin %> ssh web -c 'uname -r; df -h /'",
    "<%= config.bin %> ssh web -- ls -la /srv",
  ];
  static override args = {
    machine: Args.string({
      ignoreStdin: true,
      description: "name, glob or id prefix (default: the project's only machine)",
    }),
  };
  static override flags = {
    command: Flags.string({ char: "c", description: "a command line for the login shell" }),
  };

  async run(): Promise<void> {
    const { own, inside } = this.split();
    const { args, flags } = await this.parse(Ssh, own);
    const context = await this.context(flags);
    const options = { machine: args.machine, command: flags.command, argv: inside, stdio: this.stdio() };
    process.exitCode = await ssh(context, options);
  }
}
