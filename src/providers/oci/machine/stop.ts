import { readlink } from "node:fs/promises";
import { basename } from "node:path";
import { BothyError } from "../../../errors.ts";
import { systemClock } from "../../../system/index.ts";
import type { StopOptions } from "../../provider.ts";
import { isAlive, type ProcessId, sendSignal } from "../host/index.ts";
import { machineFolder } from "./folder.ts";
import { readRecord } from "./record.ts";
import { release } from "./release.ts";
import type { Store } from "./store.ts";

/** What asks systemd to power off: SIGRTMIN+4. */
const SYSTEMD_POWEROFF = 38;
/** An init that is still starting has no handler yet and misses the signal, so it is sent again. */
const REPEAT_MS = 500;

/** Stops a machine as the provider's contract says: gracefully until the deadline, then by force. */
export async function stopMachine(store: Store, id: string, options: StopOptions): Promise<void> {
  const place = machineFolder(store.layout, id);
  const init = (await readRecord(place))?.init;
  if (init && options.deadlineMs > 0) await shutDown(id, init, options);
  await release(store, place);
}

async function shutDown(id: string, init: ProcessId, options: StopOptions): Promise<void> {
  const deadline = systemClock.now() + options.deadlineMs;
  let repeatAt = systemClock.now();
  while (systemClock.now() < deadline && (await isAlive(init))) {
    if (options.signal?.aborted) {
      throw new BothyError("INTERRUPTED", `interrupted while machine ${id} was shutting down`);
    }
    if (systemClock.now() >= repeatAt) {
      sendSignal(init.pid, await powerOffSignal(init.pid));
      repeatAt += REPEAT_MS;
    }
    await systemClock.sleep(5);
  }
}

/** systemd would start anew on SIGTERM; every other init of ours and of busybox ends on it. */
async function powerOffSignal(pid: number): Promise<NodeJS.Signals | number> {
  const program = await readlink(`/proc/${pid}/exe`).catch(() => "");
  return basename(program) === "systemd" ? SYSTEMD_POWEROFF : "SIGTERM";
}
