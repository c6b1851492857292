import { constants } from "node:os";
import type { ClientChannel } from "ssh2";
import type { BothyError } from "../errors.ts";
import type { ExecProcess } from "../providers/provider.ts";

/** What of ssh2's channel has no type: the way to the server that does not look at the state of stdin. */
interface Internals {
  readonly _client: { readonly _protocol: { signal(id: number, name: string): void } };
  readonly outgoing: { readonly id: number; readonly state: "open" | "eof" | "closing" | "closed" };
}

/** The connection that a channel is part of. */
export interface Line {
  /** Settles when it has ended. */
  readonly ended: Promise<unknown>;
  /** The error for what was cut off by that. */
  readonly lost: () => BothyError;
}

/** A command on an SSH channel. */
export function channelProcess(channel: ClientChannel, line: Line): ExecProcess {
  const exitCode = readExitCode(channel, line);
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

function readExitCode(channel: ClientChannel, line: Line): Promise<number> {
  return new Promise((resolve, reject) => {
    channel.once("exit", (code: number | null, signal?: string) => {
      resolve(code ?? 128 + signalNumber(signal));
    });
    // Without an exit status before them. A channel's own end is only told to those who read it to the end.
    channel.once("close", () => reject(line.lost()));
    void line.ended.then(() => reject(line.lost()));
  });
}

/**
 * A stream of Node's destroys itself once both directions have ended, and ssh2 then closes the channel. A
 * server that has not said yet how the command ended never does after that: so only errors may, until it has.
 */
function waitForStatus(channel: ClientChannel, ended: () => boolean): void {
  const destroy = channel.destroy.bind(channel);
  channel.destroy = (error?: Error) => (error || ended() ? destroy() : channel);
}

/** `channel.signal` does nothing once stdin has ended; the protocol has no such rule (RFC 4254, 6.9). */
function sendSignal({ _client, outgoing }: Internals, signal: string): void {
  if (outgoing.state === "open" || outgoing.state === "eof") _client._protocol.signal(outgoing.id, signal);
}

/** ssh2 puts `SIG` in front of what the server says. */
function signalNumber(name: string | undefined): number {
  return (constants.signals as Record<string, number>)[name ?? ""] ?? 0;
}
