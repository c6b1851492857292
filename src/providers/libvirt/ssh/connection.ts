import { openSession } from "../../../connections/index.ts";
import type { Connection, Management } from "../../provider.ts";
import { commandLine } from "./command.ts";
import { type PinnedHost, terminalCommand } from "./terminal.ts";

/** Logs in on a guest's command channel; only a server with the pinned key is talked to. `signal` ends the knocking. */
export async function openConnection(
  management: Management,
  host: PinnedHost,
  signal?: AbortSignal,
): Promise<Connection> {
  const { address, port, privateKey, hostKey } = management;
  const target = { host: address, port, user: "root", identityFile: privateKey, hostKey };
  const session = await openSession(target, { signal });
  return {
    exec: (request) => session.exec(commandLine(request)),
    terminal: (request) => terminalCommand(management, host, request),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}
