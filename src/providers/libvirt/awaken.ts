import { BothyError } from "../../errors.ts";
import type { DomainRef, DomainStatus, LibvirtClient } from "../../libvirt/index.ts";
import { absentAs } from "./find.ts";

/** Lets a guest that is held or asleep go on where it was, whoever stopped it; no effect on any other. */
export async function awaken(
  client: LibvirtClient,
  domain: DomainRef,
  { state }: DomainStatus,
): Promise<void> {
  if (state === "paused") await absentAs(undefined, client.domains.resume(domain));
  if (state === "pmsuspended") await absentAs(undefined, wake(client, domain));
}

async function wake(client: LibvirtClient, domain: DomainRef): Promise<void> {
  const answer = JSON.parse(await client.domains.monitorCommand(domain, '{"execute":"system_wakeup"}'));
  if (answer.error === undefined) return;
  throw new BothyError("START_FAILED", `QEMU did not wake ${domain.name}: ${answer.error.desc}`, {
    hints: [`virsh dompmwakeup ${domain.name}`],
  });
}
