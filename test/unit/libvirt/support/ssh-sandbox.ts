import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Joins standard input and output with the unix socket of the last argument or of BRIDGE_SOCKET. */
const BRIDGE = `#!${process.execPath}
const socket = require("node:net").connect(process.env.BRIDGE_SOCKET ?? process.argv.at(-1));
require("node:fs").appendFileSync(process.env.BRIDGE_LOG, JSON.stringify(process.argv.slice(1)) + "\\n");
process.stdin.pipe(socket).pipe(process.stdout);
socket.on("close", () => process.exit(0));
`;

/** Writes down its arguments, then runs the last one with a shell, as sshd does. */
const SSH = `#!/bin/sh
for argument; do printf '%s\\n' "$argument" >> "$SSH_LOG"; command=$argument; done
exec /bin/sh -c "$command"
`;

/** A PATH with a fake ssh whose "remote host" has the chosen programs and no others. */
export class SshSandbox implements AsyncDisposable {
  readonly directory: string;
  readonly socket: string;
  /** The environment for ssh. */
  readonly env: Record<string, string>;

  private constructor(directory: string) {
    this.directory = directory;
    this.socket = join(directory, "libvirt-sock");
    this.env = {
      PATH: join(directory, "bin"),
      SSH_LOG: join(directory, "ssh.log"),
      BRIDGE_LOG: join(directory, "bridge.log"),
    };
  }

  /** `programs` bridge to the sandbox's socket when they are run. */
  static async create(programs: readonly string[]): Promise<SshSandbox> {
    const sandbox = new SshSandbox(await mkdtemp(join(tmpdir(), "bothy-ssh-")));
    await mkdir(join(sandbox.directory, "bin"));
    await sandbox.install("ssh", SSH);
    for (const program of programs) await sandbox.install(program, BRIDGE);
    for (const tool of ["sh", "grep"]) await symlink(`/bin/${tool}`, join(sandbox.directory, "bin", tool));
    return sandbox;
  }

  get ssh(): string {
    return join(this.directory, "bin/ssh");
  }

  async install(name: string, script: string): Promise<void> {
    const file = join(this.directory, "bin", name);
    await writeFile(file, script);
    await chmod(file, 0o755);
  }

  /** The arguments that ssh got. */
  async sshArguments(): Promise<string[]> {
    return (await readFile(this.env["SSH_LOG"] ?? "", "utf8")).trimEnd().split("\n");
  }

  /** The command lines of the bridging programs, without their directory. */
  async bridges(): Promise<string[][]> {
    const lines = (await readFile(this.env["BRIDGE_LOG"] ?? "", "utf8")).trimEnd().split("\n");
    return lines.map((line) => {
      const [program = "", ...rest]: string[] = JSON.parse(line);
      return [program.slice(program.lastIndexOf("/") + 1), ...rest];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
