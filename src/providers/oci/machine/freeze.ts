import { PassThrough } from "node:stream";
import { BothyError } from "../../../errors.ts";
import { type Layout, missingTool, readIfExists, start } from "../../../system/index.ts";
import { freezeGuard, held } from "../../freezable.ts";
import type { ExecProcess } from "../../provider.ts";
import { findProcess } from "../host/index.ts";
import { machineFolder } from "./folder.ts";
import { readRecord } from "./record.ts";

/** `Freezable.freeze` for a container: its data disk is mounted where only its monitor sees it. */
export async function freezeMachine(layout: Layout, id: string): Promise<AsyncDisposable> {
  const place = machineFolder(layout, id);
  const record = await readRecord(place);
  const monitor = await findProcess(Number(await readIfExists(place.monitorPid)));
  if (!record?.init || !monitor) {
    throw new BothyError("MACHINE_STATE", `the monitor of machine ${id} does not run`, {
      hints: ["bothy halt"],
    });
  }
  const enter = ["nsenter", "--target", String(monitor.pid), "--mount", "--"];
  return held(guard([...enter, ...freezeGuard(place.data)]), record.name);
}

function guard(argv: readonly string[]): ExecProcess {
  const child = start(argv, { cwd: "/", stdio: ["pipe", "pipe", "pipe"], detached: true });
  const none = () => new PassThrough().end();
  const exitCode = new Promise<number>((resolve, reject) => {
    child.once("error", (cause) => reject(missingTool("nsenter", cause)));
    child.once("close", (code) => resolve(code ?? 1));
  });
  return {
    ...{ stdin: child.stdin ?? none(), stdout: child.stdout ?? none(), stderr: child.stderr ?? none() },
    exitCode,
    kill: async (signal) => void child.kill(`SIG${signal}`),
  };
}
