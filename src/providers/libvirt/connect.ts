import { BothyError } from "../../errors.ts";
import { systemClock } from "../../system/index.ts";
import type { Connection, Management } from "../provider.ts";
import { translate, tryConnect } from "./daemon/index.ts";
import { domainUuid } from "./domain/index.ts";
import { findDomain, hasEnded } from "./find.ts";
import { runFiles } from "./run-files.ts";
import { openConnection } from "./ssh/index.ts";
import type { Surroundings } from "./surroundings.ts";

/** A guest that runs answers the knock within a few milliseconds; after this long libvirt is asked about it. */
const DOUBT_MS = 300;

/** `Provider.connect`: straight to the guest; libvirt is only asked when that is slow or fails. */
export async function connectMachine(
  around: Surroundings,
  id: string,
  management: Management,
): Promise<Connection> {
  const { knownHosts } = runFiles(around.layout.machine(id).run);
  const giveUp = new AbortController();
  const attempt = openConnection(management, { alias: id, knownHosts }, giveUp.signal);
  if ((await isSlow(attempt)) && !(await runs(around, id).catch(() => true))) giveUp.abort();
  try {
    return await attempt;
  } catch (cause) {
    if (!giveUp.signal.aborted && (await runs(around, id))) throw cause;
    throw new BothyError("MACHINE_STATE", `machine ${id} does not run`, { hints: ["bothy up"], cause });
  }
}

async function isSlow(attempt: Promise<unknown>): Promise<boolean> {
  const enough = new AbortController();
  const doubt = systemClock.sleep(DOUBT_MS, enough.signal).then(
    () => true,
    () => false,
  );
  const settled = attempt.then(
    () => false,
    () => false,
  );
  return Promise.race([settled, doubt]).finally(() => enough.abort());
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
