import { waitFor } from "../../system/index.ts";
import { tryConnect } from "./daemon/index.ts";
import { absentAs, findDomain } from "./find.ts";
import { listQemuOf } from "./host/index.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * Takes back a domain whose creation failed at any point, also when the daemon died over it: what the
 * daemon does not know any more is ended by its pid.
 */
export async function discardDomain(around: Surroundings, uuid: string): Promise<void> {
  const client = await tryConnect(around).catch(() => undefined);
  if (client) {
    await using connection = client;
    const domain = await findDomain(connection, uuid);
    if (domain) await absentAs(undefined, connection.domains.destroy(domain));
  }
  await killQemu(uuid);
}

/** Ends every QEMU with that UUID; no effect when there is none. */
async function killQemu(uuid: string): Promise<void> {
  for (const { pid } of await listQemuOf(uuid)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it has just ended
    }
  }
  await waitFor(
    {
      title: "QEMU to end",
      attempt: async () => ((await listQemuOf(uuid)).length === 0 ? true : undefined),
    },
    { timeoutMs: 5000, intervalMs: 20 },
  );
}
