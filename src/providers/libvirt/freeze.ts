import { freezeGuard, held } from "../freezable.ts";
import type { Management } from "../provider.ts";
import { connectMachine } from "./connect.ts";
import type { Surroundings } from "./surroundings.ts";

const BUSYBOX = "/.bothy/bin/busybox";
/** Where a VM has its data disk (docs/guest.md). */
const DATA = "/run/bothy/data";

/** `Freezable.freeze` for a VM: its own kernel holds the file system, and lets go when our connection ends. */
export async function freezeDomain(
  around: Surroundings,
  id: string,
  management: Management,
): Promise<AsyncDisposable> {
  const connection = await connectMachine(around, id, management);
  try {
    const guard = await connection.exec({ argv: freezeGuard(DATA, BUSYBOX), cwd: "/" });
    const hold = await held(guard, id);
    return {
      [Symbol.asyncDispose]: async () => {
        await using _ = connection;
        await hold[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    throw error;
  }
}
