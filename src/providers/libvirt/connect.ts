import { BothyError } from "../../errors.ts";
import type { Connection, Management } from "../provider.ts";
import { translate, tryConnect } from "./daemon/index.ts";
import { domainUuid } from "./domain/index.ts";
import { findDomain, hasEnded } from "./find.ts";
import { runFiles } from "./run-files.ts";
import { openConnection } from "./ssh/index.ts";
import type { Surroundings } from "./surroundings.ts";

/** `Provider.connect`: straight to the guest; libvirt is only asked when that fails. */
export async function connectMachine(
  around: Surroundings,
  id: string,
  management: Management,
): Promise<Connection> {
  const { knownHosts } = runFiles(around.layout.machine(id).run);
  try {
    return await openConnection(management, { alias: id, knownHosts });
  } catch (error) {
    if (await runs(around, id)) throw error;
    throw new BothyError("MACHINE_STATE", `machine ${id} does not run`, {
      hints: ["`bothy up` starts it"],
      cause: error,
    });
  }
}

async function runs(around: Surroundings, id: string): Promise<boolean> {
  const client = await tryConnect(around);
  if (!client) return false;
  await using connection = client;
  try {
    const domain = await findDomain(connection, domainUuid(around.layout.tag, id));
    return domain !== undefined && !(await hasEnded(domain));
  } catch (error) {
    throw translate(error, `find machine ${id}`);
  }
}
