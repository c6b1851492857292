import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import type { Client, ClientChannel } from "ssh2";
import { BothyError, messageOf } from "../../../errors.ts";
import type { Connection, Management } from "../../provider.ts";
import { commandLine } from "./command.ts";
import { channelProcess, type Line } from "./process.ts";
import { type PinnedHost, terminalCommand } from "./terminal.ts";

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

/** Logs in on a guest's command channel; only a server with the pinned key is talked to. `signal` ends the knocking. */
export async function openConnection(
  management: Management,
  host: PinnedHost,
  signal?: AbortSignal,
): Promise<Connection> {
  // ssh2 takes 35 ms to load, once; loaded first, so that it takes over the socket at once.
  const loading = Promise.all([import("ssh2"), readFile(management.privateKey)]);
  const [{ default: ssh2 }, privateKey] = await loading.catch((cause) => {
    throw unreachable(management, cause);
  });
  const socket = await reach(management, signal);
  const client = await login(new ssh2.Client(), management, privateKey, socket);
  const line: Line = {
    ended: new Promise<void>((resolve) => client.once("close", () => resolve())),
    lost: () => unreachable(management, new Error("the connection was lost")),
  };
  return {
    exec: async (request) => channelProcess(await openChannel(client, commandLine(request), line), line),
    terminal: (request) => terminalCommand(management, host, request),
    [Symbol.asyncDispose]: () => close(client, socket),
  };
}

function reach({ address, port }: Management, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, noDelay: true });
    const fail = (cause: Error) => {
      socket.destroy();
      reject(unreachable({ address, port }, cause));
    };
    const giveUp = () => socket.connecting && fail(new Error("given up"));
    if (signal?.aborted) giveUp();
    signal?.addEventListener("abort", giveUp, { once: true });
    socket.setTimeout(REACH_TIMEOUT_MS, () => fail(new Error("no answer")));
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.setTimeout(0).removeAllListeners("timeout"); // later errors are ssh2's
      resolve(socket);
    });
  });
}

function login(client: Client, management: Management, privateKey: Buffer, sock: Socket): Promise<Client> {
  const pinned = Buffer.from(management.hostKey.split(" ")[1] ?? "", "base64");
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      sock.destroy();
      reject(unreachable(management, cause));
    };
    client.on("error", fail); // stays: later errors end the channels, and those tell
    client.once("close", () => fail(new Error("the guest closed the connection")));
    client.once("ready", () => resolve(client));
    try {
      client.connect({
        sock,
        username: "root",
        privateKey,
        hostVerifier: (key: Buffer) => key.equals(pinned),
        algorithms: { ...ALGORITHMS } as never,
        readyTimeout: LOGIN_TIMEOUT_MS,
        ...KEEPALIVE,
      });
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error))); // a key that cannot be read
    }
  });
}

function openChannel(client: Client, command: string, { ended, lost }: Line): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(lost());
    void ended.then(fail);
    try {
      client.exec(command, (error, channel) => {
        if (error) reject(new BothyError("CONNECT_FAILED", `the guest refused a command: ${error.message}`));
        else resolve(channel);
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

function unreachable({ address, port }: Pick<Management, "address" | "port">, cause: Error): BothyError {
  return new BothyError(
    "CONNECT_FAILED",
    `the machine's command channel at ${address}:${port} cannot be reached: ${messageOf(cause)}`,
    { hints: ["`bothy logs` shows its console"], cause },
  );
}
