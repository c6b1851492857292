import { BothyError } from "../../errors.ts";
import { type DomainRef, type LibvirtClient, ShutdownFlags } from "../../libvirt/index.ts";
import { type Clock, systemClock } from "../../system/index.ts";
import type { StopOptions } from "../provider.ts";
import { awaken } from "./awaken.ts";
import { connectOrLaunch, isStateChanged, translate, tryConnect } from "./daemon/index.ts";
import { domainUuid } from "./domain/index.ts";
import { absentAs, findDomain } from "./find.ts";
import { listQemuOf } from "./host/index.ts";
import { readRunRecord, reclaimDisk, removeRunFiles } from "./run-files.ts";
import type { Surroundings } from "./surroundings.ts";

/** A guest hears the power button only once it has got that far, so it is pressed again. */
const RESEND_MS = 1000;

/** `Provider.stop` for a domain. */
export async function stopDomain(around: Surroundings, id: string, options: StopOptions): Promise<void> {
  const uuid = domainUuid(around.layout.tag, id);
  try {
    await using client = await reach(around, uuid, options);
    if (client) await endDomain(client, uuid, options);
  } catch (error) {
    if (options.signal?.aborted) throw new BothyError("INTERRUPTED", `interrupted while stopping ${id}`);
    throw translate(error, `stop machine ${id}`);
  }
  await clearAway(around, id);
}

/** A connection, unless no daemon runs and so no machine of ours: then there is nothing to stop. */
async function reach(around: Surroundings, uuid: string, options: StopOptions) {
  const client = await tryConnect(around, options.signal);
  if (client || (await listQemuOf(uuid)).length === 0) return client;
  return connectOrLaunch(around, options); // a daemon finds the QEMUs of its predecessor again
}

async function endDomain(client: LibvirtClient, uuid: string, options: StopOptions): Promise<void> {
  await using events = await client.domains.events(); // before the look-up, so that no end is missed
  const domain = await findDomain(client, uuid);
  if (!domain) return;
  const gone = events.next(({ domain, type }) => domain.uuid === uuid && type === "stopped");
  gone.catch(() => {}); // who waits for it hears of it
  if (options.deadlineMs > 0) {
    const status = await absentAs(undefined, client.domains.state(domain));
    if (status) await awaken(client, domain, status); // a guest that is held or asleep hears no button
    const press = () => pressPowerButton(client, domain);
    if (await askToStop(press, gone, { deadlineMs: options.deadlineMs, signal: options.signal })) return;
    options.report?.(
      `it did not turn itself off within ${Math.round(options.deadlineMs / 1000)} s: by force`,
    );
  }
  await absentAs(undefined, client.domains.destroy(domain));
}

/** How long and with which clock `askToStop` asks. */
export interface AskOptions {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
}

/** Presses the button every second until the machine is gone (true) or the deadline has passed (false). */
export async function askToStop(
  press: () => Promise<void>,
  gone: Promise<unknown>,
  { deadlineMs, signal, clock = systemClock }: AskOptions,
): Promise<boolean> {
  const deadline = clock.now() + deadlineMs;
  const ended = gone.then(() => true);
  ended.catch(() => {}); // lost while the button is pressed: the race below hears of it, or the button does
  for (;;) {
    await press();
    const pause = Math.min(RESEND_MS, deadline - clock.now());
    if (pause <= 0) return false;
    const waiting = new AbortController();
    const quiet = clock.sleep(pause, waiting.signal).then(
      () => false,
      () => false,
    );
    const aborted = onAbort(signal, waiting.signal);
    const done = await Promise.race([ended, quiet, aborted]).finally(() => waiting.abort());
    if (done) return true;
  }
}

/** Rejects when the signal fires; `until` ends the watch. */
function onAbort(signal: AbortSignal | undefined, until: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(new BothyError("INTERRUPTED", "interrupted while a machine was stopping"));
    if (signal?.aborted) fail();
    signal?.addEventListener("abort", fail, { once: true, signal: until });
  });
}

async function pressPowerButton(client: LibvirtClient, domain: DomainRef): Promise<void> {
  try {
    await absentAs(undefined, client.domains.shutdown(domain, ShutdownFlags.ACPI_POWER_BTN));
  } catch (error) {
    if (!isStateChanged(error)) throw error; // it is just ending
  }
}

/** What neither libvirt nor QEMU took with them: also after a crash of either. */
async function clearAway({ layout }: Surroundings, id: string): Promise<void> {
  const { run } = layout.machine(id);
  const record = await readRunRecord(run);
  if (record?.store !== layout.tag) return;
  await reclaimDisk(record.dataDisk);
  await removeRunFiles(run);
}
