import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { BothyError } from "../../../errors.ts";
import type { Connection, ExecRequest } from "../../provider.ts";
import { isAlive } from "../host/index.ts";
import { machineFolder, readRecord, runtimeRoot, type Store } from "../machine/index.ts";
import { startCommand } from "./command.ts";

/** A way into a running machine: its runtime runs each command in the machine's namespaces, without network. */
export async function connectTo(store: Store, id: string): Promise<Connection> {
  const place = machineFolder(store.layout, id);
  const record = await readRecord(place);
  if (!(await isAlive(record?.init))) {
    throw new BothyError("MACHINE_STATE", `machine '${record?.name ?? id}' does not run as a container`, {
      hints: ["bothy up"],
    });
  }
  const runtime = await store.runtime();
  const prefix = [runtime.path, "--root", runtimeRoot(store.layout), "exec"];
  return {
    exec: async (request) => {
      const pidFile = join(place.commands, randomBytes(6).toString("hex"));
      return startCommand([...prefix, "--pid-file", pidFile, id, ...inside(request)], pidFile);
    },
    terminal: (request) => [...prefix, "--tty", id, ...inside(request)],
    [Symbol.asyncDispose]: async () => {},
  };
}

/** The command line inside: docs/guest.md, "Commands". */
function inside(request: ExecRequest): string[] {
  const argv = ["/.bothy/exec"];
  if (request.user !== undefined) argv.push("-u", request.user);
  if (request.cwd !== undefined) argv.push("-w", request.cwd);
  for (const [name, value] of Object.entries(request.env ?? {})) argv.push("-e", `${name}=${value}`);
  return [...argv, "--", ...request.argv];
}
