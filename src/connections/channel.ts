import { constants } from "node:os";
import type { Client, ClientChannel } from "ssh2";
import type { BothyError } from "../errors.ts";
import type { ExecProcess } from "../providers/provider.ts";

/** What of ssh2's channel has no type: the way to the server that does not look at the state of stdin. */
interface Internals {
  readonly _client: { readonly _protocol: { signal(id: number, name: string): void } };
  readonly outgoing: { readonly id: number; readonly state: "open" | "eof" | "closing" | "closed" };
}

/** A command on an SSH channel. `lost` makes the error for one that was cut off. */
export function channelProcess(client: Client, channel: ClientChannel, lost: () => BothyError): ExecProcess {
  const exitCode = readExitCode(client, channel, lost);
  exitCode.catch(() => {}); // who asks for it hears of it
  let ended = false;
  const end = () => {
    ended = true;
  };
  exitCode.then(end, end);
  waitForStatus(channel, () => ended);
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    exitCode,
    kill: async (signal) => {
      if (!ended) sendSignal(channel as unknown as Internals, signal);
    },
  };
}

function readExitCode(client: Client, channel: ClientChannel, lost: () => BothyError): Promise<number> {
  return new Promise((resolve, reject) => {
    const cutOff = () => reject(lost());
    channel.once("exit", (code: number | null, signal?: string) => {
      client.off("close", cutOff);
      resolve(code ?? 128 + signalNumber(signal));
    });
    // Without an exit status before it, the end of the channel or of the connection is the command's.
    channel.once("close", cutOff);
    client.setMaxListeners(client.getMaxListeners() + 1).once("close", cutOff);
  });
}

/**
 * A stream of Node's destroys itself once both directions have ended, and ssh2 then closes the channel. A
 * server that has not said yet how the command ended never does after that: so it may not, until it has.
 */
function waitForStatus(channel: ClientChannel, ended: () => boolean): void {
  const destroy = channel.destroy.bind(channel);
  channel.destroy = () => (ended() ? destroy() : channel);
}

/** `channel.signal` does nothing once stdin has ended; the protocol has no such rule (RFC 4254, 6.9). */
function sendSignal({ _client, outgoing }: Internals, signal: string): void {
  if (outgoing.state === "open" || outgoing.state === "eof") _client._protocol.signal(outgoing.id, signal);
}

/** ssh2 puts `SIG` in front of what the server says. */
function signalNumber(name: string | undefined): number {
  return (constants.signals as Record<string, number>)[name ?? ""] ?? 0;
}
