import { constants } from "node:os";
import type { ClientChannel } from "ssh2";
import type { BothyError } from "../../../errors.ts";
import type { ExecProcess } from "../../provider.ts";

/** A command on an SSH channel. */
export function channelProcess(channel: ClientChannel, lost: () => BothyError): ExecProcess {
  const exitCode = readExitCode(channel, lost);
  exitCode.catch(() => {}); // who asks for it hears of it
  let ended = false;
  exitCode.then(
    () => (ended = true),
    () => (ended = true),
  );
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    exitCode,
    kill: async (signal) => {
      if (!ended) channel.signal(signal);
    },
  };
}

function readExitCode(channel: ClientChannel, lost: () => BothyError): Promise<number> {
  return new Promise((resolve, reject) => {
    channel.once("exit", (code: number | null, signal?: string) => {
      resolve(code ?? 128 + signalNumber(signal));
    });
    // Without an exit status before it, the end of the channel is that of the connection.
    channel.once("close", () => reject(lost()));
  });
}

/** ssh2 puts `SIG` in front of what the server says. */
function signalNumber(name: string | undefined): number {
  return (constants.signals as Record<string, number>)[name ?? ""] ?? 0;
}
