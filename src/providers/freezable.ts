import { text } from "node:stream/consumers";
import { BothyError } from "../errors.ts";
import { waitFor } from "../system/index.ts";
import type { ExecProcess, Management, Provider } from "./provider.ts";

/** An optional ability: a running machine's data disk can be held still for a moment. */
export interface Freezable {
  /**
   * Writes what is in the machine's memory to its data disk, and holds back everything that the machine writes until
   * disposed. It goes on by itself when bothy ends, and after ten minutes; then disposing fails, for what was copied
   * may be torn. @throws BothyError `MACHINE_STATE` when it does not run, `FAILED` when it cannot be held.
   */
  freeze(id: string, management: Management): Promise<AsyncDisposable>;
}

/** Whether a provider has the ability. */
export function isFreezable(provider: Provider): provider is Provider & Freezable {
  return "freeze" in provider;
}

const LONGEST_S = 600;
const PATIENCE_MS = 30_000;
const TOO_LONG = 3;

/**
 * Freezes a file system and thaws it when stdin ends, whatever became of who holds the other end. Ours is the one
 * process that has to live: no signal that the end of a session brings ends it, nor that nobody reads what it says.
 */
const GUARD = `
trap '' HUP INT PIPE TERM
$2 fsfreeze --freeze "$1" || exit 1
echo frozen 2>/dev/null
$2 timeout -s KILL ${LONGEST_S} $2 cat >/dev/null || late=yes
$2 fsfreeze --unfreeze "$1" || exit 1
[ -z "$late" ] || exit ${TOO_LONG}`;

/** The argv of the guard for the file system at `folder`; with `busybox`, it uses nothing else. */
export function freezeGuard(folder: string, busybox?: string): string[] {
  return [...(busybox ? [busybox] : []), "sh", "-c", GUARD, "sh", folder, busybox ?? ""];
}

/** Waits until a guard that was started holds the file system; disposing lets it go. */
export async function held(guard: ExecProcess, name: string): Promise<AsyncDisposable> {
  const said = text(guard.stderr);
  let word = "";
  let ended: number | undefined;
  guard.stdout.on("data", (chunk) => (word += chunk));
  guard.stdin.on("error", () => {}); // it ended: its code tells
  guard.exitCode.then(
    (code) => (ended = code),
    () => (ended = 1),
  );
  const attempt = async () => (word.includes("frozen") || ended !== undefined ? true : undefined);
  try {
    await waitFor(
      { title: `the disk of ${name} to stand still`, attempt },
      { timeoutMs: PATIENCE_MS, intervalMs: 5 },
    );
  } catch (error) {
    guard.stdin.end(); // should it come to hold the disk after all, it lets go at once
    throw error;
  }
  if (ended !== undefined)
    throw new BothyError("FAILED", `the disk of ${name} cannot be held: ${await said}`);
  return { [Symbol.asyncDispose]: () => letGo(guard, name) };
}

async function letGo(guard: ExecProcess, name: string): Promise<void> {
  guard.stdin.end();
  const code = await guard.exitCode;
  if (code === 0) return;
  const why =
    code === TOO_LONG ? `it took more than ${LONGEST_S / 60} minutes` : `its guard ended with ${code}`;
  throw new BothyError("FAILED", `the disk of ${name} was not held long enough: ${why}`, {
    hints: ["halt the machine first"],
  });
}
