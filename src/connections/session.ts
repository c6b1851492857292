import { readFile } from "node:fs/promises";
import type { Client, ClientChannel } from "ssh2";
import { BothyError } from "../errors.ts";
import type { ExecProcess } from "../providers/provider.ts";
import { debug } from "../system/index.ts";

/** Where and as whom to log in. */
export interface SshTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Path of the private key. */
  readonly identityFile: string;
  /** The only host key that is accepted, as in known_hosts: `ssh-ed25519 AAAA...`. */
  readonly hostKey: string;
}

/** A login that commands run on, several at once. */
export interface SshSession extends AsyncDisposable {
  /** Runs one command line by the login shell. */
  exec(command: string): Promise<ExecProcess>;
}

const SIGNALS: Record<string, number> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ABRT: 6,
  KILL: 9,
  SEGV: 11,
  PIPE: 13,
  TERM: 15,
};

/**
 * Logs in.
 * @throws BothyError `CONNECT_FAILED` when the host does not answer in time, shows another host key or refuses the key.
 */
export async function openSession(target: SshTarget, timeoutMs = 10_000): Promise<SshSession> {
  const { default: ssh2 } = await import("ssh2"); // lazily: most commands never log in
  const privateKey = await readFile(target.identityFile);
  const client = new ssh2.Client();
  await new Promise<void>((resolve, reject) => {
    client.once("ready", resolve);
    client.once("error", (cause) => reject(connectError(target, cause)));
    client.connect({
      host: target.host,
      port: target.port,
      username: target.user,
      privateKey,
      readyTimeout: timeoutMs,
      keepaliveInterval: 15_000,
      algorithms: { serverHostKey: ["ssh-ed25519"] },
      hostVerifier: (key: Buffer) => key.toString("base64") === target.hostKey.split(" ")[1],
    });
  });
  client.on("error", (error) => debug(`ssh ${target.host}: ${error.message}`));
  return {
    exec: (command) => openChannel(client, target, command),
    [Symbol.asyncDispose]: async () => {
      client.end();
      client.destroy();
    },
  };
}

function openChannel(client: Client, target: SshTarget, command: string): Promise<ExecProcess> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) reject(connectError(target, error));
      else resolve(execProcess(client, target, channel));
    });
  });
}

function execProcess(client: Client, target: SshTarget, channel: ClientChannel): ExecProcess {
  const exitCode = new Promise<number>((resolve, reject) => {
    let code: number | undefined;
    channel.once("exit", (status: number | null, signal?: string) => {
      code = status ?? 128 + (SIGNALS[signal?.replace(/^SIG/, "") ?? ""] ?? 0);
    });
    channel.once("close", () => {
      if (code !== undefined) resolve(code);
      else reject(connectError(target, new Error("the connection ended before the command did")));
    });
    client.once("close", () => reject(connectError(target, new Error("the connection was lost"))));
  });
  exitCode.catch(() => {}); // the caller may look later
  return {
    stdin: channel.stdin,
    stdout: channel.stdout,
    stderr: channel.stderr,
    exitCode,
    kill: async (signal) => {
      channel.signal(signal);
    },
  };
}

function connectError(target: SshTarget, cause: Error): BothyError {
  const why = cause.message.includes("verification failed")
    ? "it shows another host key than the one we gave it"
    : cause.message;
  return new BothyError(
    "CONNECT_FAILED",
    `cannot log in to ${target.user}@${target.host}:${target.port}: ${why}`,
    {
      hints: [
        "`bothy logs` shows the machine's console",
        "`bothy exec` does not need the machine's own SSH server",
      ],
      cause,
    },
  );
}
