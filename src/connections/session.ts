import { readFile } from "node:fs/promises";
import type { Client, ClientChannel, ConnectConfig } from "ssh2";
import { BothyError } from "../errors.ts";
import type { ExecProcess } from "../providers/provider.ts";
import { debug } from "../system/index.ts";
import { channelProcess } from "./channel.ts";

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

/**
 * Logs in.
 * @throws BothyError `CONNECT_FAILED` when the host does not answer in time, shows another host key or refuses the key.
 */
export async function openSession(target: SshTarget, timeoutMs = 10_000): Promise<SshSession> {
  const { default: ssh2 } = await import("ssh2"); // lazily: most commands never log in
  const privateKey = await readFile(target.identityFile).catch((cause) => {
    throw connectError(target, cause);
  });
  const client = new ssh2.Client();
  client.on("error", (error) => debug(`ssh ${target.host}: ${error.message}`)); // there may be several
  try {
    await logIn(client, target, { privateKey, readyTimeout: timeoutMs });
  } catch (cause) {
    client.destroy();
    throw connectError(target, cause as Error);
  }
  return {
    exec: (command) => openChannel(client, target, command),
    [Symbol.asyncDispose]: async () => {
      client.end();
      client.destroy();
    },
  };
}

function logIn(client: Client, target: SshTarget, options: ConnectConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once("ready", resolve);
    client.once("error", reject);
    client.once("close", () => reject(new Error("the connection was closed")));
    client.connect({
      ...options,
      host: target.host,
      port: target.port,
      username: target.user,
      keepaliveInterval: 15_000,
      algorithms: { serverHostKey: ["ssh-ed25519"] },
      hostVerifier: (key: Buffer) => key.toString("base64") === target.hostKey.split(" ")[1],
    });
  });
}

function openChannel(client: Client, target: SshTarget, command: string): Promise<ExecProcess> {
  return new Promise((resolve, reject) => {
    const lost = () => connectError(target, new Error("the connection was lost"));
    const answer = (error: Error | undefined, channel: ClientChannel) => {
      if (error) reject(connectError(target, error));
      else resolve(channelProcess(client, channel, lost));
    };
    try {
      client.exec(command, answer);
    } catch (error) {
      reject(connectError(target, error as Error)); // it says so at once when the connection is gone
    }
  });
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
