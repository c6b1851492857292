import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import type { Client } from "ssh2";
import { BothyError, messageOf } from "../errors.ts";
import type { ExecProcess } from "../providers/provider.ts";
import { channelProcess, type Line } from "./channel.ts";

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

/** Bounds of a login. */
export interface LoginOptions {
  /** Ends the knocking. */
  readonly signal?: AbortSignal | undefined;
  /** From the first byte to the shell (default 20 s). */
  readonly timeoutMs?: number | undefined;
}

/** Long enough for an emulated guest on a host with more machines than processors. */
const REACH_TIMEOUT_MS = 4000;
/** Key exchange of an emulated guest on a busy host. */
const LOGIN_TIMEOUT_MS = 20_000;
const KEEPALIVE = { keepaliveInterval: 5000, keepaliveCountMax: 6 };
/** ChaCha first: an emulated processor has no AES of its own. */
const ALGORITHMS = {
  kex: ["curve25519-sha256", "curve25519-sha256@libssh.org"],
  serverHostKey: ["ssh-ed25519"],
  cipher: ["chacha20-poly1305@openssh.com", "aes128-ctr", "aes256-ctr"],
} as const;

/**
 * Logs in.
 * @throws BothyError `CONNECT_FAILED` when the host does not answer in time, shows another host key or refuses the key.
 */
export async function openSession(target: SshTarget, options: LoginOptions = {}): Promise<SshSession> {
  // ssh2 takes 35 ms to load, once; loaded first, so that it takes over the socket at once.
  const loading = Promise.all([import("ssh2"), readFile(target.identityFile)]);
  const [{ default: ssh2 }, privateKey] = await loading.catch((cause) => {
    throw connectError(target, cause);
  });
  const readyTimeout = options.timeoutMs ?? LOGIN_TIMEOUT_MS;
  const socket = await reach(target, options.signal);
  const client = await logIn(
    new ssh2.Client(),
    target,
    { privateKey, sock: socket, readyTimeout },
    options.signal,
  );
  const line: Line = {
    ended: new Promise<void>((resolve) => client.once("close", () => resolve())),
    lost: () => connectError(target, new Error("the connection was lost")),
  };
  return {
    exec: (command) => openChannel(client, target, command, line),
    [Symbol.asyncDispose]: () => close(client, socket),
  };
}

function reach(target: SshTarget, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: target.host, port: target.port, noDelay: true });
    const fail = (cause: Error) => {
      socket.destroy();
      reject(connectError(target, cause));
    };
    const giveUp = () => socket.connecting && fail(new Error("given up"));
    if (signal?.aborted) giveUp();
    signal?.addEventListener("abort", giveUp, { once: true });
    socket.setTimeout(REACH_TIMEOUT_MS, () => fail(new Error("no answer")));
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.setTimeout(0).removeAllListeners("timeout"); // later errors are ssh2's
      signal?.removeEventListener("abort", giveUp);
      resolve(socket);
    });
  });
}

interface Credentials {
  readonly privateKey: Buffer;
  readonly sock: Socket;
  readonly readyTimeout: number;
}

function logIn(client: Client, target: SshTarget, how: Credentials, signal?: AbortSignal): Promise<Client> {
  const pinned = Buffer.from(target.hostKey.split(" ")[1] ?? "", "base64");
  let shown: Buffer | undefined;
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      how.sock.destroy();
      const isOther = shown !== undefined && !shown.equals(pinned);
      reject(
        connectError(
          target,
          isOther ? new Error("it shows another host key than the one we gave it") : cause,
        ),
      );
    };
    const hostVerifier = (key: Buffer) => {
      shown = key;
      return key.equals(pinned);
    };
    const giveUp = () => fail(new Error("given up"));
    signal?.addEventListener("abort", giveUp, { once: true });
    client.on("error", fail); // stays: later errors end the channels, and those tell
    client.once("close", () => fail(new Error("the connection was closed")));
    client.once("ready", () => {
      signal?.removeEventListener("abort", giveUp); // from now on Ctrl-C is the command's
      resolve(client);
    });
    const fixed = { username: target.user, algorithms: { ...ALGORITHMS } as never, hostVerifier };
    try {
      client.connect({ ...how, ...fixed, ...KEEPALIVE });
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error))); // a key that cannot be read
    }
  });
}

function openChannel(client: Client, target: SshTarget, command: string, line: Line): Promise<ExecProcess> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(line.lost());
    void line.ended.then(fail);
    try {
      client.exec(command, (error, channel) => {
        if (error) reject(connectError(target, error));
        else resolve(channelProcess(channel, line)); // right here: a quick command's end is in the same packet
      });
    } catch {
      fail(); // ssh2 throws once the connection is closed
    }
  });
}

async function close(client: Client, socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  const closed = new Promise((resolve) => socket.once("close", resolve));
  client.end();
  socket.destroySoon();
  await closed;
}

function connectError({ user, host, port }: SshTarget, cause: Error): BothyError {
  return new BothyError("CONNECT_FAILED", `cannot log in to ${user}@${host}:${port}: ${messageOf(cause)}`, {
    hints: ["`bothy logs` shows the machine's console"],
    cause,
  });
}
